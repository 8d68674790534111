package explain

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

const remedyUUID = "7a5b1c7e-0000-4000-8000-000000000001"

// What is advised can be followed without harm: nothing that may be in use is
// ended or resumed, and nothing is said that nobody has seen.
func TestRemedyDoesNoHarm(t *testing.T) {
	t.Parallel()
	here, there := observations("kvm1"), observations("kvm2")
	paused := here["paused"]
	paused.Domain.Reason = migration.ReasonMigration
	resume, start := "`virsh resume "+remedyUUID+"`", "`virsh start "+remedyUUID+"`"
	tests := map[string]struct {
		outcome migration.Outcome
		says    []string
		never   []string
	}{
		"paused by another's migration": {
			outcome: migration.Outcome{Source: paused, Destination: there["gone"], Foreign: true},
			says:    []string{"lost its client", "Make sure that it runs nowhere else: then " + resume},
		},
		"paused by another's migration, and the destination is silent": {
			outcome: migration.Outcome{Source: paused, Destination: there["silent"], Foreign: true},
			says:    []string{"kvm2, which does not answer", "Make sure that it runs nowhere else: then " + resume},
			never:   []string{"Once kvm2 answers"},
		},
		"paused by another's migration that the destination still receives": {
			outcome: migration.Outcome{Source: paused, Destination: there["being received"], Foreign: true},
			says:    []string{"kvm2, which holds an incoming domain", "Make sure that it runs nowhere else: then " + resume},
		},
		"suspended, while libvirt was busy with another operation": {
			outcome: migration.Outcome{Source: migration.Observation{Host: "kvm1", Domain: migration.Domain{State: migration.StatePaused, Reason: migration.ReasonUser}}, Destination: there["gone"], Foreign: true},
			says:    []string{"somebody asked for that"},
			never:   []string{"lost its client"},
		},
		"another's migration goes on": {
			outcome: migration.Outcome{Source: here["running"], Destination: there["gone"], Foreign: true, Migrating: true},
			says:    []string{"Another migration of the VM is under way", "`virsh domjobinfo " + remedyUUID + "` on kvm1"},
			never:   []string{"watches it to its end", "domjobabort"},
		},
		"another's incoming domain": {
			outcome: migration.Outcome{Source: here["running"], Destination: there["being received"], Foreign: true},
			says:    []string{"another migration"},
			never:   []string{"removes it"},
		},
		"paused with the job still alive": {
			outcome: migration.Outcome{Source: paused, Destination: there["being received"], Migrating: true},
			says:    []string{"still has the migration job", "`virsh domjobabort " + remedyUUID + "` on kvm1", "do not resume"},
			never:   []string{resume},
		},
		"paused with a job that does not end": {
			outcome: migration.Outcome{Source: paused, Destination: there["gone"], Migrating: true, Unstopped: true},
			says:    []string{"does not take orders", "do not resume"},
			never:   []string{resume},
		},
		"running with a job that copies disks over a dead link": {
			outcome: migration.Outcome{Source: here["running"], Destination: there["gone"], Migrating: true, Unstopped: true, Mirrored: true},
			says:    []string{"did not confirm", "net.ipv4.tcp_retries2", "`virsh domjobinfo " + remedyUUID + "`"},
			never:   []string{"Restarting libvirt", "domjobabort"},
		},
		"paused with the job still alive, and the destination is silent": {
			outcome: migration.Outcome{Source: paused, Destination: there["silent"], Migrating: true},
			says:    []string{"still has the migration job", "do not resume"},
			never:   []string{resume, "virsh destroy"},
		},
		"paused without a job, and the destination still receives": {
			outcome: migration.Outcome{Source: paused, Destination: there["being received"]},
			says:    []string{"Look again once kvm2 has started or removed", "if it does not: " + resume},
		},
		"paused without a job, never let start on the destination, which is silent": {
			outcome: migration.Outcome{Source: paused, Destination: there["silent"], Withheld: true, ResumeError: migration.ErrBusy},
			says:    []string{"an incoming domain that it may still hold does not run", "It could not be resumed: domain is busy", resume},
			never:   []string{"so that it cannot run twice"},
		},
		"running, and whether there is a job is not known": {
			outcome: migration.Outcome{Source: here["running"], Destination: there["being received"], JobError: migration.ErrUnreachable},
			says:    []string{"did not say whether", "host is unreachable", "`virsh domjobinfo " + remedyUUID + "` there"},
			never:   []string{"does not run; libvirt there removes it"},
		},
		"paused, and whether there is a job is not known": {
			outcome: migration.Outcome{Source: paused, Destination: there["gone"], JobError: migration.ErrUnreachable},
			says:    []string{"did not say whether", "do not resume"},
			never:   []string{resume},
		},
		"the destination is silent and was never let start the guest": {
			outcome: migration.Outcome{Source: here["running"], Destination: there["silent"], Withheld: true},
			says:    []string{"an incoming domain that it may still hold does not run"},
		},
		"the destination is silent and may have started the guest": {
			outcome: migration.Outcome{Source: here["running"], Destination: there["silent"]},
			says:    []string{"Once it answers, make sure that `virsh domstate " + remedyUUID + "` there does not say running"},
			never:   []string{"is not running"},
		},
		"the source is silent, and the destination was never let start the guest": {
			outcome: migration.Outcome{Source: here["silent"], Destination: there["gone"], Withheld: true},
			says:    []string{"kvm2 does not have it. Once kvm1 answers", "`virsh resume " + remedyUUID + "` lets it run"},
		},
		"the source is silent, and the destination may have run the guest": {
			outcome: migration.Outcome{Source: here["silent"], Destination: there["gone"]},
			says:    []string{"Neither start nor resume"},
			never:   []string{"virsh resume"},
		},
		"the source is silent, and somebody else was moving the guest": {
			outcome: migration.Outcome{Source: here["silent"], Destination: there["gone"], Withheld: true, Foreign: true},
			says:    []string{"Neither start nor resume"},
			never:   []string{"virsh resume"},
		},
		"crashed and persistent": {
			outcome: migration.Outcome{Source: migration.Observation{Host: "kvm1", Domain: migration.Domain{State: migration.StateCrashed, Persistent: true}}, Destination: there["gone"]},
			says:    []string{"`virsh destroy " + remedyUUID + "`", start},
		},
		"crashed and transient": {
			outcome: migration.Outcome{Source: here["crashed"], Destination: there["gone"]},
			says:    []string{"`virsh dumpxml --inactive --security-info " + remedyUUID, "`virsh create " + remedyUUID + ".xml`"},
			never:   []string{start},
		},
		"a part of a failed post-copy, persistent": {
			outcome: migration.Outcome{Source: migration.Observation{Host: "kvm1", Domain: migration.Domain{State: migration.StatePostCopyFailed, Persistent: true}}, Destination: there["gone"]},
			says:    []string{"The part on kvm2 is gone", start + " on kvm1"},
			never:   []string{"--postcopy-resume"},
		},
		"a part of a failed post-copy, transient": {
			outcome: migration.Outcome{Source: here["gone"], Destination: there["left by a failed post-copy migration"]},
			says:    []string{"The part on kvm1 is gone", "`virsh create " + remedyUUID + ".xml`", "on kvm2"},
			never:   []string{start},
		},
		"a part of a failed post-copy, and the other host is silent": {
			outcome: migration.Outcome{Source: here["left by a failed post-copy migration"], Destination: there["silent"], Recovery: migration.Recovery{PeerURI: "qemu+tcp://kvm2/system"}},
			says:    []string{"do not destroy or resume", "kvm2 does not answer", "--postcopy-resume"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.outcome.UUID, test.outcome.Name = remedyUUID, "web"
			remedy := remedy(test.outcome)
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
	for destination, there := range observations("kvm2") {
		for name, o := range map[string]migration.Outcome{"job": {Migrating: true}, "job not known": {JobError: migration.ErrUnreachable}} {
			if there.Is(migration.StateCrashed, migration.StatePaused, migration.StatePostCopyFailed) {
				continue // it has run there
			}
			for _, reason := range []migration.Reason{migration.ReasonMigration, migration.ReasonUser, migration.ReasonIOError} {
				o.UUID, o.Source, o.Destination = remedyUUID, migration.Observation{Host: "kvm1", Domain: migration.Domain{State: migration.StatePaused, Reason: reason}}, there
				if command := harmful.FindString(remedy(o)); command != "" {
					t.Errorf("%s, %s there, reason %d: %s in %q", name, destination, reason, command, remedy(o))
				}
			}
		}
	}
}

func TestRemedySaysHowToResume(t *testing.T) {
	t.Parallel()
	o := migration.Outcome{
		UUID: "7a5b1c7e-0000-4000-8000-000000000001", Name: "web", ResumeError: errors.New("cannot acquire state change lock"),
		Source:      migration.Observation{Host: "kvm1", Domain: migration.Domain{State: migration.StatePaused}},
		Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain},
	}
	for _, words := range []string{"cannot acquire state change lock", "`virsh resume 7a5b1c7e-0000-4000-8000-000000000001` on kvm1"} {
		if !strings.Contains(remedy(o), words) {
			t.Errorf("%q does not say %q", remedy(o), words)
		}
	}
}

// Whatever else is to be said of a VM that runs on the source, a second copy
// comes first.
func TestRemedyNamesWhatTheOtherHostHolds(t *testing.T) {
	t.Parallel()
	here, there := observations("kvm1"), observations("kvm2")
	for name, test := range map[string]struct {
		source, destination string
		says                string
	}{
		"paused on the destination":   {"running", "paused", "kvm2 still holds a paused copy"},
		"crashed on the destination":  {"running", "crashed", "kvm2 still holds a crashed copy"},
		"received on the destination": {"running", "being received", "kvm2 holds the incoming domain"},
		"paused on the source":        {"paused", "running", "kvm1 still holds a paused copy"},
		"crashed on the source":       {"crashed", "running", "kvm1 still holds a crashed copy"},
		"received on the source":      {"being received", "running", "kvm1 holds the incoming domain"},
	} {
		for _, migrating := range []bool{true, false} {
			o := migration.Outcome{UUID: "7a5b1c7e-0000-4000-8000-000000000001", Name: "web", Source: here[test.source], Destination: there[test.destination], Migrating: migrating}
			if test.destination == "being received" && migrating {
				continue // then that is the migration's
			}
			if remedy := remedy(o); !strings.Contains(remedy, test.says) {
				t.Errorf("%s, migrating %t: %q does not say %q", name, migrating, remedy, test.says)
			}
		}
	}
}

// A command can be pasted whatever the VM is named.
func TestRemedyNamesTheVMByUUIDInCommands(t *testing.T) {
	t.Parallel()
	const name, uuid = "web; reboot", "7a5b1c7e-0000-4000-8000-000000000001"
	command := regexp.MustCompile("`virsh [^`]*`")
	for source, here := range observations("kvm1") {
		for destination, there := range observations("kvm2") {
			for _, migrating := range []bool{true, false} {
				o := migration.Outcome{UUID: uuid, Name: name, Source: here, Destination: there, Migrating: migrating}
				for _, c := range command.FindAllString(remedy(o), -1) {
					if strings.Contains(c, name) || !strings.Contains(c, uuid) {
						t.Errorf("%s here, %s there: %s", source, destination, c)
					}
				}
			}
		}
	}
}
