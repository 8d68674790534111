package migration_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// strand leaves the VM as a client does that is lost in the moment of the
// switch-over.
func (s *scene) strand() {
	s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused, Stranded: true, Persistent: true})
}

func TestRunResumesAStrandedVM(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]migration.Mode{"peer-to-peer": migration.PeerToPeer, "direct": migration.Direct} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				s.strand()
				s.arrives()
				if !s.said("resumed before it is moved") {
					t.Errorf("it was not said: %v", s.progress)
				}
			})
		})
	}
}

func TestRunLeavesAVMPausedThatSomeonePaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused, Persistent: true})
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
		if n := s.kvm1.Calls("Resume") + s.kvm2.Calls("Resume"); n > 0 {
			t.Errorf("it was resumed %d times", n)
		}
	})
}

func TestRunDoesNotResumeAStrandedVMThatMayRunElsewhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*migration.Request)
		says    string
	}{
		"a host is silent":             {func(r *migration.Request) { r.Unseen = true }, "may run on a host that does not answer"},
		"another host is receiving it": {func(r *migration.Request) { r.Rival = true }, "another host holds a receiving half"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.strand()
				test.arrange(&s.request)
				fails[*migration.PreflightError](s, "VM web is paused on kvm1", test.says)
				if n := s.kvm1.Calls("Resume"); n > 0 {
					t.Errorf("it was resumed %d times", n)
				}
			})
		})
	}
}

func TestRunRefusesAStrandedVMThatCannotBeResumed(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.strand()
		s.kvm1.Before("Resume", func(contextT) error { return errInternal })
		fails[*migration.PreflightError](s, "VM web is paused on kvm1", "can not be resumed")
	})
}
