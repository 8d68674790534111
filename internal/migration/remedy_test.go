package migration

import (
	"regexp"
	"strings"
	"testing"
)

const remedyUUID = "7a5b1c7e-0000-4000-8000-000000000001"

// What is advised can be followed without harm: nothing that may be in use is
// ended or resumed, and nothing is said that nobody has seen.
func TestRemedyDoesNoHarm(t *testing.T) {
	t.Parallel()
	here, there := sightings("kvm1"), sightings("kvm2")
	paused := here["paused"]
	paused.Domain.Reason = ReasonMigration
	resume, start := "`virsh resume "+remedyUUID+"`", "`virsh start "+remedyUUID+"`"
	tests := map[string]struct {
		outcome Outcome
		says    []string
		never   []string
	}{
		"paused by another's migration": {
			outcome: Outcome{Source: paused, Destination: there["gone"], Foreign: true},
			says:    []string{"lost its client", "Make sure that it runs nowhere else: then " + resume},
		},
		"paused by another's migration, and the destination is silent": {
			outcome: Outcome{Source: paused, Destination: there["silent"], Foreign: true},
			says:    []string{"kvm2, which does not answer", "Make sure that it runs nowhere else: then " + resume},
			never:   []string{"Once kvm2 answers"},
		},
		"paused by another's migration that the destination still receives": {
			outcome: Outcome{Source: paused, Destination: there["being received"], Foreign: true},
			says:    []string{"kvm2, which holds a receiving half", "Make sure that it runs nowhere else: then " + resume},
		},
		"suspended, while libvirt was busy with another operation": {
			outcome: Outcome{Source: Sighting{Host: "kvm1", Domain: Domain{State: StatePaused, Reason: ReasonUser}}, Destination: there["gone"], Foreign: true},
			says:    []string{"somebody asked for that"},
			never:   []string{"lost its client"},
		},
		"another's migration goes on": {
			outcome: Outcome{Source: here["running"], Destination: there["gone"], Foreign: true, Migrating: true},
			says:    []string{"Another migration of the VM is under way", "`virsh domjobinfo " + remedyUUID + "` on kvm1"},
			never:   []string{"watches it to its end", "domjobabort"},
		},
		"another's receiving half": {
			outcome: Outcome{Source: here["running"], Destination: there["being received"], Foreign: true},
			says:    []string{"another migration"},
			never:   []string{"removes it"},
		},
		"paused with the job still alive": {
			outcome: Outcome{Source: paused, Destination: there["being received"], Migrating: true},
			says:    []string{"still has the migration job", "`virsh domjobabort " + remedyUUID + "` on kvm1", "do not resume"},
			never:   []string{resume},
		},
		"paused with a job that does not end": {
			outcome: Outcome{Source: paused, Destination: there["gone"], Migrating: true, Unstopped: true},
			says:    []string{"does not take orders", "do not resume"},
			never:   []string{resume},
		},
		"paused with the job still alive, and the destination is silent": {
			outcome: Outcome{Source: paused, Destination: there["silent"], Migrating: true},
			says:    []string{"still has the migration job", "do not resume"},
			never:   []string{resume, "virsh destroy"},
		},
		"paused without a job, and the destination still receives": {
			outcome: Outcome{Source: paused, Destination: there["being received"]},
			says:    []string{"Look again once kvm2 has started or removed", "if it does not: " + resume},
		},
		"paused without a job, never let start on the destination, which is silent": {
			outcome: Outcome{Source: paused, Destination: there["silent"], Withheld: true, ResumeError: ErrBusy},
			says:    []string{"whatever half of the migration it may still hold is not running", "It could not be resumed: domain is busy", resume},
			never:   []string{"so that it can not run twice"},
		},
		"running, and whether there is a job is not known": {
			outcome: Outcome{Source: here["running"], Destination: there["being received"], JobError: ErrUnreachable},
			says:    []string{"did not say whether", "host is unreachable", "`virsh domjobinfo " + remedyUUID + "` there"},
			never:   []string{"does not run; libvirt there removes it"},
		},
		"paused, and whether there is a job is not known": {
			outcome: Outcome{Source: paused, Destination: there["gone"], JobError: ErrUnreachable},
			says:    []string{"did not say whether", "do not resume"},
			never:   []string{resume},
		},
		"the destination is silent and was never let start the guest": {
			outcome: Outcome{Source: here["running"], Destination: there["silent"], Withheld: true},
			says:    []string{"whatever half of the migration it may still hold is not running"},
		},
		"the destination is silent and may have started the guest": {
			outcome: Outcome{Source: here["running"], Destination: there["silent"]},
			says:    []string{"Once it answers, make sure that `virsh domstate " + remedyUUID + "` there does not say running"},
			never:   []string{"is not running"},
		},
		"the source is silent, and the destination was never let start the guest": {
			outcome: Outcome{Source: here["silent"], Destination: there["gone"], Withheld: true},
			says:    []string{"kvm2 does not have it. Once kvm1 answers", "`virsh resume " + remedyUUID + "` lets it run"},
		},
		"the source is silent, and the destination may have run the guest": {
			outcome: Outcome{Source: here["silent"], Destination: there["gone"]},
			says:    []string{"Neither start nor resume"},
			never:   []string{"virsh resume"},
		},
		"the source is silent, and somebody else was moving the guest": {
			outcome: Outcome{Source: here["silent"], Destination: there["gone"], Withheld: true, Foreign: true},
			says:    []string{"Neither start nor resume"},
			never:   []string{"virsh resume"},
		},
		"crashed and persistent": {
			outcome: Outcome{Source: Sighting{Host: "kvm1", Domain: Domain{State: StateCrashed, Persistent: true}}, Destination: there["gone"]},
			says:    []string{"`virsh destroy " + remedyUUID + "`", start},
		},
		"crashed and transient": {
			outcome: Outcome{Source: here["crashed"], Destination: there["gone"]},
			says:    []string{"`virsh dumpxml --inactive --security-info " + remedyUUID, "`virsh create " + remedyUUID + ".xml`"},
			never:   []string{start},
		},
		"half of a failed post-copy, persistent": {
			outcome: Outcome{Source: Sighting{Host: "kvm1", Domain: Domain{State: StatePostCopyFailed, Persistent: true}}, Destination: there["gone"]},
			says:    []string{"The half on kvm2 is gone", start + " on kvm1"},
			never:   []string{"--postcopy-resume"},
		},
		"half of a failed post-copy, transient": {
			outcome: Outcome{Source: here["gone"], Destination: there["left by a failed post-copy migration"]},
			says:    []string{"The half on kvm1 is gone", "`virsh create " + remedyUUID + ".xml`", "on kvm2"},
			never:   []string{start},
		},
		"half of a failed post-copy, and the other host is silent": {
			outcome: Outcome{Source: here["left by a failed post-copy migration"], Destination: there["silent"], recovery: "the command"},
			says:    []string{"do not destroy or resume", "kvm2 does not answer", "the command"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.outcome.UUID, test.outcome.Name = remedyUUID, "web"
			remedy := test.outcome.remedy()
			for _, words := range test.says {
				if !strings.Contains(remedy, words) {
					t.Errorf("%q does not say %q", remedy, words)
				}
			}
			for _, words := range test.never {
				if strings.Contains(remedy, words) {
					t.Errorf("%q says %q", remedy, words)
				}
			}
		})
	}
}

// A guest that may still be migrating is never to be resumed or ended, whatever
// else was seen.
func TestRemedyNeverResumesWhatMayStillMigrate(t *testing.T) {
	t.Parallel()
	harmful := regexp.MustCompile("`virsh (resume|start|create|reset) ")
	for destination, there := range sightings("kvm2") {
		for name, o := range map[string]Outcome{"job": {Migrating: true}, "job not known": {JobError: ErrUnreachable}} {
			if there.Is(StateCrashed, StatePaused, StatePostCopyFailed) {
				continue // it has run there
			}
			for _, reason := range []Reason{ReasonMigration, ReasonUser, ReasonIOError} {
				o.UUID, o.Source, o.Destination = remedyUUID, Sighting{Host: "kvm1", Domain: Domain{State: StatePaused, Reason: reason}}, there
				if command := harmful.FindString(o.remedy()); command != "" {
					t.Errorf("%s, %s there, reason %d: %s in %q", name, destination, reason, command, o.remedy())
				}
			}
		}
	}
}
