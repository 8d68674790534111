package host

import (
	"context"
	"errors"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
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
			var d *scripted
			h := newHostBehind(t, func(context.Context, *url.URL) (net.Conn, error) {
				var near net.Conn
				d, near = startScripted(t)
				d.reply = func(procedure uint32) (uint32, string) {
					switch procedure {
					case procLookup, procLookupName, procState, procPersistent, procInfo:
						return statusError, string(errorReply(libvirt.ErrNoDomain, "Domain not found"))
					}
					return statusOK, payload(procedure)
				}
				return near, nil
			})
			if _, err := h.controlConn(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := d.total()
			if err := ask(t.Context(), h); !errors.Is(err, migration.ErrNoDomain) {
				t.Errorf("got %v, want %v", err, migration.ErrNoDomain)
			}
			if calls := d.total() - before; calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
		})
	}
}

// errorReply is an error of libvirt's.
func errorReply(code libvirt.ErrorNumber, message string) []byte {
	const domain, level = 10, 2 // QEMU's driver, an error
	answer := appendText(words(uint32(code), domain, 1), message)
	return append(answer, words(level, 0, 0, 0, 0, 0, 0, 0)...) // no object, texts, numbers and network
}

// A domain in the switch-over is taken for one that does not answer when its job
// was waited for long enough, and not before.
func TestDomainThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	uuid := libvirt.UUID{15: 1}
	said := map[uint32][]byte{
		procLookup:     appendWord(append(appendText(nil, "web"), uuid[:]...), 1),
		procState:      words(uint32(libvirt.DomainPaused), uint32(libvirt.DomainPausedMigration)),
		procPersistent: words(1),
		procInfo:       make([]byte, 32),
	}
	want := migration.Domain{
		UUID: formatUUID(uuid), Name: "web", State: migration.StatePaused, Reason: migration.ReasonMigration,
		Persistent: true, Unresponsive: true,
	}
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := newHostBehind(t, func(context.Context, *url.URL) (net.Conn, error) {
			d, near := startScripted(t, procJobStats)
			d.release = release
			d.reply = func(procedure uint32) (uint32, string) {
				if reply, ok := said[procedure]; ok {
					return statusOK, string(reply)
				}
				return statusOK, payload(procedure)
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
