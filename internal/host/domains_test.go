package host

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A listing waits for all the QEMUs that do not answer together, not for one after
// the other.
func TestListingOfDomainsThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	const count = 30
	text := func(s string) []byte {
		return append(append(words(uint32(len(s))), s...), make([]byte, -len(s)&3)...)
	}
	number := func(name string, n uint32) []byte {
		const signed = 1 // VIR_TYPED_PARAM_INT
		return append(text(name), words(signed, n)...)
	}
	record := slices.Concat(
		text("web"), make([]byte, libvirt.UUIDBuflen), words(1), words(2),
		number(libvirt.DomainStatsStateState, uint32(libvirt.DomainPaused)),
		number(libvirt.DomainStatsStateReason, uint32(libvirt.DomainPausedMigration)),
	)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := newHostBehind(t, func(context.Context, *url.URL) (net.Conn, error) {
			d, near := startScripted(t, procJobStats)
			d.release = release
			d.reply = func(procedure uint32) (status uint32, said string) {
				switch procedure {
				case procAllStats:
					said = string(append(words(count), bytes.Repeat(record, count)...))
				case procDomains:
					said = string(words(0, 0)) // none is persistent
				default:
					said = payload(procedure)
				}
				return statusOK, said
			}
			return near, nil
		})
		defer close(release)
		started := time.Now()
		domains, err := h.Domains(t.Context())
		if err != nil || len(domains) != count {
			t.Fatalf("%d domains, want %d: %v", len(domains), count, err)
		}
		for _, d := range domains {
			if d.State != migration.StatePaused || !d.Unresponsive {
				t.Errorf("got %+v, want a domain that does not answer", d)
			}
		}
		if took := time.Since(started); took != jobPatience {
			t.Errorf("took %s, want %s", took, jobPatience)
		}
	})
}
