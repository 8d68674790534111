package migration_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var off, always = migration.Autostart{}, migration.Autostart{Always: true}

// autostarts checks the autostart of the VM on a host.
func (s *scene) autostarts(host *mt.Host, want migration.Autostart) {
	s.Helper()
	if got := host.Autostarts(uuid); got != want {
		s.Errorf("autostart on %s is %+v, want %+v", host.Name(), got, want)
	}
}

// warned returns the warning of a kind, and fails the test where there is none.
func (s *scene) warned(r migration.Report, kind migration.WarningKind) migration.Warning {
	s.Helper()
	i := slices.IndexFunc(r.Warnings, func(w migration.Warning) bool { return w.Kind == kind })
	if i < 0 {
		s.Fatalf("no warning %q: %v", kind, warnings(r))
	}
	return r.Warnings[i]
}

func TestRunCarriesAutostart(t *testing.T) {
	t.Parallel()
	for _, mode := range bothModes {
		for _, was := range []migration.Autostart{off, always, {Once: true}, {Always: true, Once: true}} {
			t.Run(fmt.Sprintf("%s, %+v", mode, was), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode = mode
					s.kvm1.SetAutostarts(uuid, was)
					if r := s.arrives(); len(r.Warnings) > 0 {
						s.Errorf("warnings: %v", warnings(r))
					}
					s.autostarts(s.kvm2, was)
					if n := s.kvm2.Calls("SetAutostart"); n > 0 && was == off {
						s.Errorf("autostart was set %d times, and was right", n)
					}
				})
			})
		}
	}
}

func TestRunCarriesAutostartWhatever(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(s *scene){
		"adopted": func(s *scene) {
			s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
			time.Sleep(5 * time.Second)
		},
		"in post-copy": func(s *scene) {
			script := mt.Endless()
			script.PostCopyTakes = 5 * time.Second
			s.world.Play(script)
			s.policy(policy.Policy{PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy), Timeout: new(20 * time.Second)})
		},
		"cancelled too late": func(s *scene) {
			s.kvm2.After("Finish", mt.Do(s.cancel))
			s.request.Mode = migration.Direct
		},
		"asleep":                    func(s *scene) { s.kvm1.SetState(uuid, migration.StateAsleep) },
		"paused":                    func(s *scene) { s.kvm1.Pause(uuid, migration.ReasonUser) },
		"libvirt ends its job late": func(s *scene) { s.kvm2.Before("SetAutostart", mt.Times(3, migration.ErrBusy)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.SetAutostarts(uuid, always)
				arrange(s)
				r, err := s.run()
				if err != nil {
					s.Fatal(words(err))
				}
				if slices.ContainsFunc(r.Warnings, func(w migration.Warning) bool { return w.Autostart != nil }) {
					s.Errorf("warnings: %v", warnings(r))
				}
				s.autostarts(s.kvm2, always)
			})
		})
	}
}

// A definition that was on the destination before may have another autostart.
func TestRunClearsAutostartOfAnOlderDefinition(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateShutOff, Persistent: true})
		s.kvm2.SetAutostarts(uuid, always)
		s.arrives()
		s.autostarts(s.kvm2, off)
	})
}

// A host must not start a VM that runs on another.
func TestRunDisablesAutostartOfWhatTheSourceKeeps(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.SetAutostarts(uuid, always)
		script := mt.Converging()
		script.KeepDefinition = true
		s.world.Play(script)
		r, err := s.run()
		if err != nil {
			s.Fatal(words(err))
		}
		s.autostarts(s.kvm1, off)
		s.autostarts(s.kvm2, always)
		if w := s.warned(r, migration.WarningDefinition); w.Err != nil {
			s.Errorf("warning: %+v", w)
		}
	})
}

func TestRunWarnsOfAutostartThatTheSourceKeeps(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.SetAutostarts(uuid, always)
		s.kvm1.Before("SetAutostart", mt.Always(migration.ErrDenied))
		script := mt.Converging()
		script.KeepDefinition = true
		s.world.Play(script)
		r, err := s.run()
		if err != nil {
			s.Fatal(words(err))
		}
		if w := s.warned(r, migration.WarningDefinition); !errors.Is(w.Err, migration.ErrDenied) {
			s.Errorf("warning: %+v", w)
		}
		s.autostarts(s.kvm2, always)
	})
}

// Autostart that cannot be carried is a warning, and never a failed move.
func TestRunWarnsOfAutostartThatWasNotCarried(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(s *scene)
		want    migration.LostAutostart
		within  time.Duration
	}{
		"the source does not say": {
			func(s *scene) { s.kvm1.Before("Autostart", mt.Always(migration.ErrDenied)) },
			migration.LostAutostart{Unread: migration.ErrDenied},
			0,
		},
		"the source hangs": {
			func(s *scene) { s.kvm1.Before("Autostart", mt.Hang()) },
			migration.LostAutostart{Unread: migration.ErrUnreachable},
			10 * time.Second,
		},
		"the destination refuses": {
			func(s *scene) { s.kvm2.Before("SetAutostart", mt.Always(migration.ErrDenied)) },
			migration.LostAutostart{Was: always, Err: migration.ErrDenied},
			0,
		},
		"the destination hangs": {
			func(s *scene) { s.kvm2.Before("SetAutostart", mt.Hang()) },
			migration.LostAutostart{Was: always, Err: migration.ErrUnreachable},
			10 * time.Second,
		},
		"the destination's answer is lost": {
			func(s *scene) { s.kvm2.After("SetAutostart", mt.Always(migration.ErrUnreachable)) },
			migration.LostAutostart{Was: always, Err: migration.ErrUnreachable},
			0,
		},
		"another job for good": {
			func(s *scene) { s.kvm2.Before("SetAutostart", mt.Always(migration.ErrBusy)) },
			migration.LostAutostart{Was: always, Err: migration.ErrBusy},
			6 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.SetAutostarts(uuid, always)
				test.arrange(s)
				began := time.Now()
				lost := s.warned(s.arrives(), migration.WarningAutostart).Autostart
				if lost == nil || lost.Was != test.want.Was ||
					!errors.Is(lost.Unread, test.want.Unread) || !errors.Is(lost.Err, test.want.Err) {
					s.Errorf("lost: %+v", lost)
				}
				if took := time.Since(began); took > converges+test.within+time.Second {
					s.Errorf("it took %s", took)
				}
			})
		})
	}
}

// A VM that does not arrive is not touched on either host.
func TestRunLeavesAutostartOfAVMThatStays(t *testing.T) {
	t.Parallel()
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				s.kvm1.SetAutostarts(uuid, always)
				s.at(3*time.Second, s.cancel)
				fails[*migration.CancelledError](s, runsOnSource)
				s.autostarts(s.kvm1, always)
				if n := s.kvm1.Calls("SetAutostart") + s.kvm2.Calls("SetAutostart"); n > 0 {
					s.Errorf("autostart was set %d times", n)
				}
			})
		})
	}
}

// A VM that failed to run on the destination is there all the same.
func TestRunCarriesAutostartOfAVMThatArrivesPaused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault mt.Fault
		lost  bool
		want  migration.Autostart
	}{
		"carried":     {nil, false, always},
		"not carried": {mt.Always(migration.ErrDenied), true, off},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.SetAutostarts(uuid, always)
				s.kvm2.Before("SetAutostart", test.fault)
				script := mt.Converging()
				script.ArrivePaused, script.Reason = true, migration.ReasonIOError
				s.world.Play(script)
				failed := fails[*migration.FailedError](s, "VM web is paused on kvm2")
				s.autostarts(s.kvm2, test.want)
				if (len(failed.Lost) > 0) != test.lost {
					s.Errorf("lost: %+v", failed.Lost)
				}
			})
		})
	}
}

// What cannot be known any more is said.
func TestRunSaysThatAutostartIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]migration.Autostart{"off": off, "on": always} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
				time.Sleep(time.Minute)
				s.kvm2.SetAutostarts(uuid, on)
				r, err := s.run()
				if err != nil || r.Moved || !r.Unwatched || r.AutostartOff != on.Off() || len(r.Warnings) > 0 {
					s.Errorf("report %+v, %v", r, err)
				}
				s.autostarts(s.kvm2, on)
			})
		})
	}
}
