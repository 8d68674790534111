package explain

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestHostsDown: what is advised is not set already.
func TestHostsDown(t *testing.T) {
	t.Parallel()
	down := &fleet.HostsDownError{Hosts: []string{"kvm1"}, Errs: []error{migration.ErrUnreachable}}
	for name, test := range map[string]struct {
		tolerated bool
		want      string
	}{
		"an error":  {false, `To plan without it, set unreachable_hosts = "warn" in the provider's configuration`},
		"a warning": {true, `This cannot be planned without it, also with unreachable_hosts = "warn": plan again once it answers.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := HostsDown("Plan", down, test.tolerated).Detail; !strings.Contains(got, test.want) || test.tolerated && strings.Contains(got, "set unreachable_hosts") {
				t.Errorf("got %s", got)
			}
		})
	}
}
