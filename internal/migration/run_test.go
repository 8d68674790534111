package migration_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const uuid = "7a5b1c7e-0000-4000-8000-000000000001"

// mayGoOn ends the last line where the migration is not known to be over.
const mayGoOn = "; its migration to kvm2 may still go on"

// scene is a VM named web on kvm1 that is to move to kvm2, in a bubble of fake
// time.
type scene struct {
	*testing.T
	world      *mt.World
	kvm1, kvm2 *mt.Host
	request    migration.Request
	ctx        context.Context
	cancel     context.CancelFunc
	progress   []migration.Progress
}

// play runs a test in fake time. Nothing of the engine may be left running when
// it ends: synctest fails the test then.
func play(t *testing.T, test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := mt.NewWorld("kvm1", "kvm2")
		s := &scene{T: t, world: w, kvm1: w.Host("kvm1"), kvm2: w.Host("kvm2")}
		s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning, Persistent: true, MemoryBytes: mt.GiB})
		s.request = migration.Request{
			UUID: uuid, Name: "web", Source: s.kvm1, Destination: s.kvm2,
			PeerURI: mt.PeerURI("kvm2"), MigrationURI: "tcp://10.0.0.2", Mode: migration.Auto,
			Policy: policy.Resolve(policy.Levels{}),
		}
		s.ctx, s.cancel = context.WithCancel(t.Context())
		defer s.cancel()
		test(s)
	})
}

// policy sets the policy of the move as an override of it.
func (s *scene) policy(p policy.Policy) {
	s.request.Policy = policy.Resolve(policy.Levels{Run: p})
}

// at does something after a time.
func (s *scene) at(after time.Duration, f func()) { time.AfterFunc(after, f) }

// run runs the engine, and checks what holds for every run.
func (s *scene) run() (migration.Report, error) {
	s.Helper()
	report, err := migration.Run(s.ctx, s.request, func(p migration.Progress) { s.progress = append(s.progress, p) })
	if err != nil {
		var d migration.Diagnosis
		if !errors.As(err, &d) {
			s.Fatalf("the error is no Diagnosis: %v", err)
		}
		lines := strings.Split(strings.TrimSpace(words(err)), "\n")
		if last := lines[len(lines)-1]; last != explain.Whereabouts(d.Common().Whereabouts()) {
			s.Errorf("the last line does not say where the VM is: %q", last)
		}
		if strings.Contains(err.Error(), "\n") {
			s.Errorf("the error has more than one line: %q", err)
		}
		s.commandsByUUID(words(err))
	}
	s.commandsByUUID(warnings(report)...)
	s.monotone()
	return report, err
}

// words is what an operator reads of an error of Run.
func words(err error) string { return explain.Move(err).Detail }

// warnings is what an operator reads beside a report.
func warnings(r migration.Report) []string {
	all := make([]string, len(r.Warnings))
	for i, w := range r.Warnings {
		all[i] = explain.Warning(r, w)
	}
	return all
}

// commandsByUUID checks that the commands in texts can be pasted whatever the VM
// is named.
func (s *scene) commandsByUUID(texts ...string) {
	s.Helper()
	for _, text := range texts {
		for _, command := range regexp.MustCompile("`virsh [^`]* [^`]*`").FindAllString(text, -1) {
			if !strings.Contains(command, uuid) {
				s.Errorf("%s does not name the VM by its UUID", command)
			}
		}
	}
}

// monotone checks that phases never go back, and that time does not either.
func (s *scene) monotone() {
	s.Helper()
	order := map[migration.Phase]int{
		migration.PhaseStarting: 0, migration.PhasePreCopy: 1, migration.PhasePaused: 2,
		migration.PhasePostCopy: 3, migration.PhaseCancelling: 4, migration.PhaseVerifying: 5,
	}
	for i := 1; i < len(s.progress); i++ {
		if before, after := s.progress[i-1], s.progress[i]; order[after.Phase] < order[before.Phase] {
			s.Errorf("the phase went back from %s to %s", before.Phase, after.Phase)
		}
	}
}

// arrives runs the engine and expects the VM to run on kvm2 only.
func (s *scene) arrives() migration.Report {
	s.Helper()
	report, err := s.run()
	if err != nil {
		s.Fatalf("Run: %v", err)
	}
	s.runsOn(s.kvm2, s.kvm1)
	return report
}

// runsOn expects the VM to run on one host and to have left nothing on the
// other.
func (s *scene) runsOn(host, other *mt.Host) {
	s.Helper()
	if d, ok := host.Held(uuid); !ok || d.State != migration.StateRunning {
		s.Errorf("on %s the VM is %v (held: %t), want running", host.Name(), d.State, ok)
	}
	if d, ok := other.Held(uuid); ok {
		s.Errorf("%s still holds the VM: %v", other.Name(), d.State)
	}
}

// fails runs the engine and expects an error of a type, whose text has some
// words and ends with where the VM is.
func fails[E migration.Diagnosis](s *scene, where string, says ...string) E {
	s.Helper()
	_, err := s.run()
	if err == nil {
		s.Fatal("Run succeeded")
	}
	var want E
	if !errors.As(err, &want) {
		s.Fatalf("the error is a %T, want a %T:\n%v", err, want, err)
	}
	if !strings.HasSuffix(words(err), "\n"+where) {
		s.Errorf("the error does not end with %q:\n%v", where, words(err))
	}
	for _, w := range says {
		if !strings.Contains(words(err), w) {
			s.Errorf("the error does not say %q:\n%v", w, words(err))
		}
	}
	return want
}

// said tells whether a progress message had these words.
func (s *scene) said(words string) bool {
	for _, p := range s.progress {
		if strings.Contains(explain.Notice(p), words) {
			return true
		}
	}
	return false
}

func (s *scene) expectSaid(words string) {
	s.Helper()
	if !s.said(words) {
		for _, p := range s.progress {
			s.Log(explain.Progress(p))
		}
		s.Errorf("no progress said %q", words)
	}
}

func TestRunMovesARunningVM(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		began := time.Now()
		r := s.arrives()
		if !r.Moved || r.Adopted || r.Source != "kvm1" || r.Destination != "kvm2" || r.Mode != migration.PeerToPeer || r.Phase != migration.PhasePreCopy {
			s.Errorf("report: %+v", r)
		}
		if r.Duration != 14*time.Second || r.Downtime == nil || *r.Downtime != 35*time.Millisecond || r.Iterations != 3 {
			s.Errorf("report: duration %s, downtime %v, %d iterations", r.Duration, r.Downtime, r.Iterations)
		}
		if r.Throttle == nil || *r.Throttle != 0 {
			s.Errorf("throttle %v, want 0", r.Throttle)
		}
		if r.StartedAt.Before(began) || r.StartedAt.After(began.Add(time.Second)) {
			s.Errorf("started at %s", r.StartedAt)
		}
		if len(r.Warnings) > 0 {
			s.Errorf("warnings: %q", warnings(r))
		}
		if d, _ := s.kvm2.Held(uuid); !d.Persistent {
			s.Error("the VM is not persistent any more")
		}
		for _, p := range s.progress {
			s.Log(explain.Progress(p))
		}
	})
}
