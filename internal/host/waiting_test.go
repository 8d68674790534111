//go:build lab

package host_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// occupied is a source on which a dump begins just before the migration's job.
type occupied struct {
	*host.Host
	dump func()
}

func (o occupied) MigratePeerToPeer(ctx context.Context, uuid, peerURI string, p migration.Parameters) error {
	o.dump()
	return o.Host.MigratePeerToPeer(ctx, uuid, peerURI, p)
}

func (o occupied) Perform(ctx context.Context, uuid, migrationURI string, cookie []byte, p migration.Parameters) ([]byte, error) {
	o.dump()
	return o.Host.Perform(ctx, uuid, migrationURI, cookie, p)
}

// A migration that waits in libvirt for a dump is aborted without the dump.
func TestCancelLeavesTheJobAloneThatTheMigrationWaitsFor(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			// QEMU waits for whoever reads the dump.
			file := filepath.Join(t.TempDir(), "dump")
			if err := syscall.Mkfifo(file, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			cancelledMove, readDump := context.WithCancel(testContext(t))
			var dumping sync.WaitGroup
			defer dumping.Wait()
			defer readDump()
			begin := func() {
				dumping.Go(func() {
					if out, err := w.Hosts[0].Virsh(testContext(t), "dump", "--live", guest.UUID, file); err != nil {
						t.Errorf("the dump: %v %s", err, out)
					}
				})
				dumping.Go(func() {
					f, err := os.Open(file)
					if err != nil {
						t.Error(err)
						return
					}
					defer f.Close()
					<-cancelledMove.Done()
					_, _ = io.Copy(io.Discard, f)
				})
				until(t, "the dump holds the VM", func() bool {
					job, err := source.Job(testContext(t), guest.UUID)
					return err == nil && job.Operation == migration.OperationOther
				})
			}
			r := migration.Request{
				UUID: guest.UUID, Name: guest.Name, Source: occupied{source, begin}, Destination: destination, Mode: mode,
				PeerURI: destination.PeerURI(), MigrationURI: destination.MigrationURI(), Policy: policy.Resolve(policy.Levels{}),
			}
			_, err := migration.Run(ctx, r, func(p migration.Progress) {
				switch {
				case p.Notice.Kind == migration.NoticeQueued:
					cancel()
				case p.Phase == migration.PhaseCancelling:
					readDump()
				}
			})
			var cancelled *migration.CancelledError
			if !errors.As(err, &cancelled) || cancelled.Outcome.Place() != migration.OnSource {
				t.Errorf("got %v", err)
			}
		})
	}
}
