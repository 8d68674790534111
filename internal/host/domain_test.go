package host

import (
	"context"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

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
