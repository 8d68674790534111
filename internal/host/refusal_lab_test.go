//go:build lab

package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// What libvirt refuses is known for what it is, and whose fault it is, whichever host says
// it: in peer-to-peer all is said by the source.
func TestRefusals(t *testing.T) {
	w := world(t)
	one, two := w.Hosts[0], w.Hosts[1]
	source, destination := connect(t, one), connect(t, two)
	for name, test := range map[string]struct {
		spec lab.GuestSpec
		// device goes into the guest's definition, with its name for %s; arrange is done once it was started.
		device  func(t *testing.T, guest *lab.Guest) string
		arrange func(t *testing.T, guest *lab.Guest)
		want    refusal.Refusal
	}{
		"SNAPSHOT": {
			arrange: func(t *testing.T, guest *lab.Guest) {
				document := one.MustVirsh(t, "dumpxml", guest.UUID)
				snapshot := writeDocument(t, "<domainsnapshot><name>before</name><state>running</state><creationTime>1700000000</creationTime>"+
					"<memory snapshot='no'/>"+document+"</domainsnapshot>")
				one.MustVirsh(t, "snapshot-create", guest.UUID, snapshot, "--redefine")
				t.Cleanup(func() { _, _ = one.Virsh(testContextAfter(t), "snapshot-delete", guest.UUID, "before", "--metadata") })
			},
			want: refusal.Refusal{Kind: refusal.Snapshots, Party: refusal.Source},
		},
		"LOCALDISK": {
			device: func(t *testing.T, _ *lab.Guest) string {
				image := filepath.Join(t.TempDir(), "local.img")
				if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>", image)
			},
			want: refusal.Refusal{Kind: refusal.UnsharedStorage, Party: refusal.Source},
		},
		"SHMEM": {
			device: func(_ *testing.T, guest *lab.Guest) string {
				return fmt.Sprintf("<shmem name='%s'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>", guest.Name)
			},
			want: refusal.Refusal{Kind: refusal.SharedMemory, Party: refusal.Source},
		},
		"BLOCKJOB": {
			spec: lab.GuestSpec{Parts: []lab.Part{lab.Disk{}}},
			arrange: func(t *testing.T, guest *lab.Guest) {
				copied := filepath.Join("/var/lib/libvirt/images", guest.Name+".copy")
				one.MustVirsh(t, "blockcopy", guest.UUID, "vda", copied, "--transient-job")
				t.Cleanup(func() { _ = os.Remove(filepath.Join(one.Directory, "images", guest.Name+".copy")) })
			},
			want: refusal.Refusal{Kind: refusal.BlockJob, Party: refusal.Source},
		},
		"NAMECLASH": {
			arrange: func(t *testing.T, guest *lab.Guest) {
				document := one.MustVirsh(t, "dumpxml", "--inactive", guest.UUID)
				const other = "0badcafe-0000-4000-8000-000000000001"
				two.MustVirsh(t, "define", writeDocument(t, strings.ReplaceAll(document, guest.UUID, other)))
				t.Cleanup(func() { _, _ = two.Virsh(testContextAfter(t), "undefine", other) })
			},
			want: refusal.Refusal{Kind: refusal.NameTaken, Party: refusal.Destination},
		},
		"MISSINGFILE": {
			spec: lab.GuestSpec{Parts: []lab.Part{lab.Disk{}}},
			arrange: func(t *testing.T, guest *lab.Guest) {
				if err := two.Hide(guest.Disks()[0].Path); err != nil {
					t.Fatal(err)
				}
			},
			want: refusal.Refusal{Kind: refusal.StorageMissing, Party: refusal.Destination},
		},
		"EMULATOR": {
			device: func(t *testing.T, guest *lab.Guest) string {
				link := filepath.Join(one.Directory, "images", guest.Name+"-qemu")
				if err := os.Symlink(lab.Emulator, link); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.Remove(link) })
				return "<emulator>/var/lib/libvirt/images/" + guest.Name + "-qemu</emulator>"
			},
			want: refusal.Refusal{Kind: refusal.EmulatorMissing, Party: refusal.Destination},
		},
		"BRIDGE": {
			device: func(t *testing.T, _ *lab.Guest) string {
				addBridge(t, one)
				return "<interface type='bridge'><source bridge='br7'/><model type='virtio'/></interface>"
			},
			want: refusal.Refusal{Kind: refusal.BridgeMissing, Party: refusal.Destination},
		},
		"NETWORK": {
			device: func(t *testing.T, _ *lab.Guest) string {
				addBridge(t, one)
				addNetwork(t, one)
				one.MustVirsh(t, "net-start", "lan7")
				return "<interface type='network'><source network='lan7'/><model type='virtio'/></interface>"
			},
			want: refusal.Refusal{Kind: refusal.NetworkMissing, Party: refusal.Destination},
		},
		"NETWORK inactive": {
			device: func(t *testing.T, _ *lab.Guest) string {
				addBridge(t, one)
				addNetwork(t, one)
				addNetwork(t, two)
				one.MustVirsh(t, "net-start", "lan7")
				return "<interface type='network'><source network='lan7'/><model type='virtio'/></interface>"
			},
			want: refusal.Refusal{Kind: refusal.NetworkInactive, Party: refusal.Destination},
		},
		"VNCLISTEN": {
			device: func(*testing.T, *lab.Guest) string {
				return fmt.Sprintf("<graphics type='vnc' port='-1' autoport='yes' listen='%s'/>", one.Address)
			},
			want: refusal.Refusal{Kind: refusal.ListenAddress, Party: refusal.Destination},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := test.spec
			spec.Bare, spec.State = true, lab.Inactive
			guest := w.StartGuest(t, spec)
			if test.device != nil {
				document := one.MustVirsh(t, "dumpxml", "--inactive", guest.UUID)
				device := test.device(t, guest)
				if strings.HasPrefix(device, "<emulator>") {
					document = strings.Replace(document, "<emulator>"+lab.Emulator+"</emulator>", "", 1)
				}
				one.MustVirsh(t, "define", writeDocument(t, strings.Replace(document, "</devices>", device+"</devices>", 1)))
			}
			one.MustVirsh(t, "start", "--paused", guest.UUID)
			if test.arrange != nil {
				test.arrange(t, guest)
			}
			p := migration.Parameters{Persistent: true, Paused: true, MigrationURI: destination.MigrationURI()}
			check := func(mode string, err error) {
				t.Helper()
				var e *host.Error
				if !errors.As(err, &e) || e.Refusal != test.want {
					t.Errorf("%s: got %v, want %+v", mode, err, test.want)
				}
				if e != nil {
					t.Logf("%s: domain %d, code %d: %s", mode, e.Domain, e.Code, e.Message)
				}
			}
			check("peer-to-peer", source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p))
			document, cookie, err := source.Begin(testContext(t), guest.UUID, p)
			if err == nil {
				_, _, err = destination.Prepare(testContext(t), document, cookie, p)
			}
			check("direct", err)
			if d, err := source.Domain(testContext(t), guest.UUID); err != nil || d.State != migration.StatePaused {
				t.Errorf("afterwards: %+v, %v", d, err)
			}
			if _, err := destination.Domain(testContext(t), guest.UUID); !errors.Is(err, migration.ErrNoDomain) {
				t.Errorf("the destination keeps something: %v", err)
			}
		})
	}
}

// A destination whose libvirt ends in mid-move, and one without the daemon for its logs, are
// named by what the source's libvirt says.
func TestRefusalsOfADestinationWithoutItsDaemons(t *testing.T) {
	w := world(t)
	one, two := w.Hosts[0], w.Hosts[1]
	source, destination := connect(t, one), connect(t, two)
	p := migration.Parameters{Persistent: true, MigrationURI: destination.MigrationURI()}
	check := func(t *testing.T, err error, want refusal.Refusal) {
		t.Helper()
		var e *host.Error
		if !errors.As(err, &e) || e.Refusal != want {
			t.Fatalf("got %v, want %+v", err, want)
		}
		t.Logf("domain %d, code %d: %s", e.Domain, e.Code, e.Message)
	}
	t.Run("LIBVIRTD", func(t *testing.T) {
		guest := w.StartGuest(t, lab.UntamableGuest(""))
		slow := p
		slow.Policy = told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))})
		ended := startMigration(t, source, guest.UUID, destination.PeerURI(), slow)
		t.Cleanup(func() {
			if err := two.Start(testContextAfter(t)); err != nil {
				t.Error(err)
			}
		})
		if err := two.Kill(testContext(t)); err != nil {
			t.Fatal(err)
		}
		check(t, <-ended, refusal.Refusal{Kind: refusal.PeerLost, Party: refusal.Destination})
	})
	t.Run("VIRTLOGD", func(t *testing.T) {
		settings := filepath.Join(two.Directory, "etc", "qemu.conf")
		before, err := os.ReadFile(settings)
		if err != nil {
			t.Fatal(err)
		}
		change := func(ctx context.Context, content []byte) {
			if err := errors.Join(os.WriteFile(settings, content, 0o644), two.Restart(ctx)); err != nil {
				t.Error(err)
			}
		}
		t.Cleanup(func() { change(testContextAfter(t), before) })
		change(testContext(t), bytes.ReplaceAll(before, []byte(`stdio_handler = "file"`), []byte(`stdio_handler = "logd"`)))
		guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
		check(t, source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p),
			refusal.Refusal{Kind: refusal.LogDaemon, Party: refusal.Destination})
	})
}

// writeDocument writes a document to a file that the hosts see, too.
func writeDocument(t *testing.T, document string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "document.xml")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// addBridge gives a host a bridge that no other has.
func addBridge(t *testing.T, l *lab.Host) {
	t.Helper()
	for _, args := range [][]string{{"link", "add", "br7", "type", "bridge"}, {"link", "set", "br7", "up"}} {
		if out, err := l.Command(t.Context(), "ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Cleanup(func() { _ = l.Command(testContextAfter(t), "ip", "link", "delete", "br7").Run() })
}

// addNetwork defines a libvirt network on br7.
func addNetwork(t *testing.T, l *lab.Host) {
	t.Helper()
	l.MustVirsh(t, "net-define", writeDocument(t, "<network><name>lan7</name><forward mode='bridge'/><bridge name='br7'/></network>"))
	t.Cleanup(func() {
		_, _ = l.Virsh(testContextAfter(t), "net-destroy", "lan7")
		_, _ = l.Virsh(testContextAfter(t), "net-undefine", "lan7")
	})
}
