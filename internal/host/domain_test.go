package host

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// A host that has no such domain, as most have not, is bothered with one call.
func TestAbsentDomainCostsOneCall(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(context.Context, *Host) error{
		"by UUID": func(ctx context.Context, h *Host) error {
			_, err := h.Domain(ctx, "00000000-0000-4000-8000-00000000dead")
			return err
		},
		"by name": func(ctx context.Context, h *Host) error {
			_, err := h.DomainByName(ctx, "nobody")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d *rpctest.Daemon
			h := newHostBehind(t, func(context.Context) (net.Conn, error) {
				var near net.Conn
				d, near = rpctest.Start(t)
				d.Reply = func(procedure uint32) (uint32, []byte) {
					switch procedure {
					case rpctest.ProcLookupByUUID, rpctest.ProcLookupByName, rpctest.ProcState, rpctest.ProcPersistent, rpctest.ProcInfo:
						return rpctest.StatusError, errorReply(libvirt.ErrNoDomain, "Domain not found")
					}
					return rpctest.StatusOK, rpctest.Payload(procedure)
				}
				return near, nil
			})
			if _, err := h.controlConn(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := d.Total()
			if err := ask(t.Context(), h); !errors.Is(err, migration.ErrNoDomain) {
				t.Errorf("got %v, want %v", err, migration.ErrNoDomain)
			}
			if calls := d.Total() - before; calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
		})
	}
}

// errorReply is an error of libvirt's.
func errorReply(code libvirt.ErrorNumber, message string) []byte {
	const domain, level = 10, 2 // QEMU's driver, an error
	answer := append(rpctest.Words(uint32(code), domain, 1), rpctest.Text(message)...)
	return append(answer, rpctest.Words(level, 0, 0, 0, 0, 0, 0, 0)...) // no object, texts, numbers and network
}

// A job whose end is decided runs until libvirt has no job any more.
func TestJobThatIsCleanedUpAfter(t *testing.T) {
	t.Parallel()
	uuid := libvirt.UUID{15: 1}
	for said, want := range map[libvirt.DomainJobType]migration.JobType{
		libvirt.DomainJobNone: migration.JobNone, libvirt.DomainJobUnbounded: migration.JobRunning,
		libvirt.DomainJobFailed: migration.JobRunning, libvirt.DomainJobCancelled: migration.JobRunning,
	} {
		h := newHostBehind(t, func(context.Context) (net.Conn, error) {
			d, near := rpctest.Start(t)
			d.Reply = func(procedure uint32) (uint32, []byte) {
				if procedure == rpctest.ProcJobStats {
					return rpctest.StatusOK, rpctest.Words(uint32(said), 0)
				}
				return rpctest.StatusOK, rpctest.Payload(procedure)
			}
			return near, nil
		})
		if job, err := h.Job(t.Context(), formatUUID(uuid)); err != nil || job.Type != want {
			t.Errorf("libvirt's type %d: got %d, want %d: %v", said, job.Type, want, err)
		}
	}
}

// A domain in the switch-over is taken for one that does not answer when its job
// was waited for long enough, and not before.
func TestDomainThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	uuid := libvirt.UUID{15: 1}
	said := map[uint32][]byte{
		rpctest.ProcLookupByUUID: slices.Concat(rpctest.Text("web"), uuid[:], rpctest.Words(1)),
		rpctest.ProcState:        rpctest.Words(uint32(libvirt.DomainPaused), uint32(libvirt.DomainPausedMigration)),
		rpctest.ProcPersistent:   rpctest.Words(1),
		rpctest.ProcInfo:         make([]byte, 32),
	}
	want := migration.Domain{
		UUID: formatUUID(uuid), Name: "web", State: migration.StatePaused, Reason: migration.ReasonMigration,
		Persistent: true, Unresponsive: true,
	}
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := newHostBehind(t, func(context.Context) (net.Conn, error) {
			d, near := rpctest.Start(t, rpctest.ProcJobStats)
			d.Release = release
			d.Reply = func(procedure uint32) (uint32, []byte) {
				if reply, ok := said[procedure]; ok {
					return rpctest.StatusOK, reply
				}
				return rpctest.StatusOK, rpctest.Payload(procedure)
			}
			return near, nil
		})
		defer close(release)
		started := time.Now()
		got, err := h.Domain(t.Context(), want.UUID)
		if err != nil || got != want {
			t.Errorf("got %+v, want %+v: %v", got, want, err)
		}
		if took := time.Since(started); took != jobPatience {
			t.Errorf("took %s, want %s", took, jobPatience)
		}
	})
}
