package migration_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestRunLeavesAStuckQEMUAlone does not try to resume a guest whose QEMU does not
// take orders, and says what to wait for.
func TestRunLeavesAStuckQEMUAlone(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
			s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused, Unresponsive: true, Persistent: true})
			return errInternal
		})
		fails[*migration.FailedError](s, "VM web is paused on kvm1", "does not answer libvirt", "tcp_retries2")
		if n := s.kvm1.Calls("Resume"); n > 0 {
			t.Errorf("it was resumed %d times", n)
		}
	})
}
