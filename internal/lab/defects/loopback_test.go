//go:build lab

package defects

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A destination whose own name resolves to a loopback address there, as installers leave it, is a good one where its
// host name is none of localhost's: nothing is found, and the VM arrives.
func TestLoopbackName(t *testing.T) {
	for _, address := range []string{"127.0.1.1", "127.0.0.1"} {
		for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
			t.Run(address+", "+string(mode), func(t *testing.T) {
				s := newScene(t, paused())
				s.resolve(s.destination, s.destination.Name, address)
				s.move.Mode = mode
				if a := s.assess(true); len(a.Findings) > 0 || len(a.Unchecked) > 0 {
					t.Errorf("found %v, not checked %v", a.Findings, a.Unchecked)
				}
				s.must(s.migrate())
				s.wantOn(s.destination)
			})
		}
	}
}
