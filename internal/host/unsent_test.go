//go:build lab

package host_test

import (
	"errors"
	"net"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// callPerform is the number of virDomainMigratePerform3Params.
const callPerform = 305

// A migration that was never asked for is told from one that may have begun.
func TestPeerToPeerTellsACallThatWasNotSent(t *testing.T) {
	w := world(t)
	tests := map[string]struct {
		uri    string
		unsent bool
	}{
		"no connection":              {peer(t, func(_ int, c net.Conn) { _ = c.Close() }), true},
		"the daemon dies of it":      {peer(t, (&dying{address: w.Hosts[0].Address, of: callPerform}).behave), false},
		"its answer does not arrive": {peer(t, (&dying{address: w.Hosts[0].Address, of: callPerform, effect: true}).behave), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := open(t, host.Config{Name: "kvm9", URI: test.uri})
			err := h.MigratePeerToPeer(testContext(t), "00000000-0000-4000-8000-00000000dead", "qemu+tcp://192.0.2.1/system", migration.Parameters{})
			if !errors.Is(err, migration.ErrUnreachable) || errors.Is(err, migration.ErrUnsent) != test.unsent || errors.Is(err, host.ErrOutcomeUnknown) == test.unsent {
				t.Errorf("unsent: %t, want %t: %v", errors.Is(err, migration.ErrUnsent), test.unsent, err)
			}
		})
	}
}
