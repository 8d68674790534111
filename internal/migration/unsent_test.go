package migration_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
)

// errFull is a daemon that takes no further client.
var errFull = fmt.Errorf("no connection: too many clients: %w: %w", migration.ErrUnreachable, migration.ErrUnsent)

// A call that never got out has begun nothing: there is nothing to watch, and the
// reason is known.
func TestRunEndsWithACallThatWasNeverSent(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		for _, step := range []string{"MigratePeerToPeer", "Begin", "Prepare", "Perform"} {
			if (mode == migration.PeerToPeer) != (step == "MigratePeerToPeer") {
				continue
			}
			t.Run(step, func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode = mode
					host := s.stepHost(step)
					host.Before(step, mt.Always(errFull))
					began := time.Now()
					err := fails[*migration.FailedError](s, runsOnSource, "too many clients")
					if took := time.Since(began); took > time.Second {
						s.Errorf("took %s", took)
					}
					for _, wrong := range []string{"did not answer", "connection was lost", "the log of libvirt"} {
						if strings.Contains(words(err), wrong) {
							s.Errorf("the error says %q:\n%v", wrong, err)
						}
					}
					if !errors.Is(err, migration.ErrUnsent) {
						s.Error("the cause is lost")
					}
					if step == "Prepare" && s.kvm2.Calls("Finish") > 0 {
						s.Error("the destination was told to throw away what it does not have")
					}
					s.runsOn(s.kvm1, s.kvm2)
				})
			})
		}
	}
}

// Why the call was lost is all that is known of a job that failed unwatched.
func TestRunTellsWhyItsCallWasLost(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
		s.at(3*time.Second, s.kvm1.Cut)
		s.at(8*time.Second, s.kvm1.Restore)
		fails[*migration.FailedError](s, runsOnSource, "connection reset", "the log of libvirt on kvm1")
		s.expectSaid("connection reset")
	})
}
