package migration_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// A timeout in the first pass, of which no dirty rate is known, says how long a pass takes.
func TestATimeoutInTheFirstPassSaysHowLongAPassTakes(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{Timeout: new(5 * time.Second)})
		fails[*migration.TimedOutError](s, runsOnSource, "What would help:",
			"timeout is 5s (run): one pass over the guest's memory, 600 MiB, takes about 10s at the 60 MiB/s that were sent")
	})
}
