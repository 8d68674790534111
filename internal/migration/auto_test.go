package migration_test

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
)

func TestAutoGoesDirectWherePeersDoNotReachEachOther(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*scene){
		"no peer URI": func(s *scene) { s.request.PeerURI = "" },
		"the peer cannot be reached": func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(errPeer))
		},
		"libvirt gives any other reason": func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(errInternal))
		},
		"this client may not do that": func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(migration.ErrDenied))
		},
		"the job is seen and sends nothing": func(s *scene) {
			s.world.Play(mt.Script{MutePeer: true, Starting: 20 * time.Second, Err: errInternal})
			s.kvm1.Before("Begin", mt.Do(func() { s.world.Play(mt.Converging()) }))
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				if r := s.arrives(); r.Mode != migration.Direct {
					s.Errorf("mode %s", r.Mode)
				}
				s.expectSaid("going direct")
				inOrder := func(a, b migration.Progress) int { return cmp.Compare(a.Elapsed, b.Elapsed) }
				if last := s.progress[len(s.progress)-1]; !slices.IsSortedFunc(s.progress, inOrder) || last.Elapsed == 0 {
					s.Errorf("the time does not count from the start of the move: %+v", s.progress)
				}
			})
		})
	}
}

// Why peer-to-peer was refused is told beside a move that succeeded without it, and beside
// a failure, unless that says the same.
func TestTheRefusalOfPeerToPeerIsTold(t *testing.T) {
	t.Parallel()
	refused := errors.New("no client certificate")
	t.Run("direct succeeds", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(refused))
			r := s.arrives()
			i := slices.IndexFunc(r.Warnings, func(w migration.Warning) bool { return w.Kind == migration.WarningDirect })
			if i < 0 || !errors.Is(r.Warnings[i].Err, refused) {
				s.Errorf("warnings %v", r.Warnings)
			}
		})
	})
	t.Run("direct is refused, too", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(refused))
			s.kvm2.Before("Prepare", mt.Always(errInternal))
			fails[*migration.FailedError](s, runsOnSource, "client certificate", errInternal.Error())
		})
	})
	t.Run("direct is refused for the same reason", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(errInternal))
			s.kvm2.Before("Prepare", mt.Always(errInternal))
			err := fails[*migration.FailedError](s, runsOnSource, "kvm2 could not prepare")
			if n := strings.Count(words(err), errInternal.Error()); n != 1 {
				s.Errorf("the reason is told %d times: %s", n, words(err))
			}
		})
	})
}

func TestAutoDoesNotGoDirectAfterAnyOtherFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*scene){
		"the job failed": func(s *scene) {
			s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
		},
		"the peer was lost in mid-move": func(s *scene) {
			s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errPeer})
		},
		"the destination was prepared, and memory could not be sent": func(s *scene) {
			s.world.Play(mt.Script{Starting: 5 * time.Second, Err: migration.ErrMemoryUnreachable})
		},
		"the source fell silent": func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(migration.ErrUnreachable))
		},
		"a job still runs on the source": func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm1.Occupy(uuid)
				return errInternal
			})
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				fails[*migration.FailedError](s, runsOnSource)
				if n := s.kvm1.Calls("Begin"); n > 0 {
					s.Error("went direct")
				}
			})
		})
	}
}

func TestPeerToPeerDoesNotGoDirect(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.PeerToPeer
		s.kvm1.Before("MigratePeerToPeer", mt.Always(errPeer))
		fails[*migration.FailedError](s, runsOnSource)
		if n := s.kvm1.Calls("Begin"); n > 0 {
			s.Error("went direct")
		}
	})
}
