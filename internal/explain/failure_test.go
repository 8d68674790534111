package explain

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// TestFailure has what an operator reads of each way in which a move can fail, from
// its title to where the VM is.
func TestFailure(t *testing.T) {
	t.Parallel()
	stays := migration.Outcome{UUID: remedyUUID, Name: "web", Source: observed("kvm1", migration.StateRunning), Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain}}
	untouched := stays
	untouched.Untouched = true
	early := migration.Outcome{Name: "web", Untouched: true, Destination: migration.Observation{Host: "kvm2", Err: migration.ErrUnreachable}}
	limits := policy.Resolve(policy.Levels{VM: policy.Policy{
		Timeout: new(30 * time.Minute), StallTimeout: new(2 * time.Minute), AutoConverge: new(true), Compression: new(true), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy),
	}})
	refused := errors.New("internal error")
	after := func(c migration.Course) migration.Failure {
		c.Elapsed, c.Policy, c.Mode = time.Minute, limits, migration.PeerToPeer
		return migration.Failure{Course: c, Outcome: stays}
	}
	measured := migration.Figures{
		Begun: true, Last: migration.Job{Iteration: 7, MemoryProcessed: 2048 * mib, MemoryTotal: 1024 * mib}, Throttle: 99, Bandwidth: 60 * mib, DirtyRate: 110 * mib, Least: new(uint64(10 * mib)),
	}
	const runs = "\n\nVM web is running on kvm1"
	tests := map[string]struct {
		err             migration.Diagnosis
		summary, detail string
	}{
		"not started": {
			&migration.PreflightError{Failure: migration.Failure{Outcome: untouched}, Findings: []migration.Finding{
				{Subject: web, Check: preflight.CheckMode, Fact: preflight.NoPeerURI{}, Host: "kvm2"},
			}},
			"Unable to Migrate VM",
			"The migration of VM web from kvm1 to kvm2 was not started:\n  - mode on kvm2: Other hosts' libvirt cannot reach kvm2: its uri is a local one and it has no peer_uri. " +
				"Set peer_uri, or mode = \"direct\" or \"auto\"." + runs,
		},
		"cancelled before the hosts were known": {
			&migration.CancelledError{Failure: migration.Failure{Outcome: early, Elsewhere: []migration.Observation{observed("kvm1", migration.StateRunning)}}},
			"Migration Cancelled", "The move of VM web to kvm2 was cancelled before it was started." + runs,
		},
		"cancelled, and not found": {
			&migration.CancelledError{Failure: migration.Failure{Outcome: early, Unfound: refused}},
			"Migration Cancelled", "The move of VM web to kvm2 was cancelled before it was started. Where the VM is could not be determined: internal error.",
		},
		"cancelled before the start": {
			&migration.CancelledError{Failure: migration.Failure{Outcome: untouched}},
			"Migration Cancelled", "The migration of VM web from kvm1 to kvm2 was cancelled before it was started." + runs,
		},
		"cancelled": {
			&migration.CancelledError{Failure: after(migration.Course{Cause: migration.CausedByCaller, Obeyed: true, Aborted: true, Err: migration.ErrAborted})},
			"Migration Cancelled", "The migration of VM web from kvm1 to kvm2 was cancelled after 1m0s." + runs,
		},
		"cancelled by someone else": {
			&migration.CancelledError{Failure: after(migration.Course{Aborted: true, Err: migration.ErrAborted})},
			"Migration Cancelled", "The migration of VM web from kvm1 to kvm2 was cancelled after 1m0s by someone else: libvirt on kvm1 says that its job was aborted." + runs,
		},
		"cancelled, which libvirt does not obey": {
			&migration.CancelledError{Failure: after(migration.Course{Cause: migration.CausedByCaller, Obeyed: true, Unseen: refused, Unstopped: true, Cancelling: 10 * time.Second})},
			"Migration Cancelled", "The migration of VM web from kvm1 to kvm2 was to be cancelled after 1m0s, and is not known to have ended. " +
				"libvirt on kvm1 was told to end it, and had not done so within 10s." + runs,
		},
		"timed out": {
			&migration.TimedOutError{Failure: after(migration.Course{
				Cause: migration.CausedByTimeout, Obeyed: true, Attempt: migration.Attempt{Action: policy.Pause, Result: migration.AttemptPaused},
				Figures: migration.Figures{Begun: true, Last: migration.Job{Iteration: 1, MemoryProcessed: 64 * mib}, Bandwidth: mib},
			}), Limit: policy.FieldTimeout},
			"Migration Timed Out", "The migration of VM web from kvm1 to kvm2 had not finished after 30m (timeout, vm), and was cancelled. Pausing the guest did not end it within 1m0s. " +
				"In pass 1 1 MiB/s were sent, 64 MiB in all." + runs,
		},
		"the link is idle": {
			&migration.TimedOutError{Failure: after(migration.Course{Cause: migration.CausedByIdleLink, Obeyed: true}), Limit: policy.FieldStallTimeout},
			"Migration Timed Out", "The migration of VM web from kvm1 to kvm2 was cancelled after 1m0s, because no byte had been sent for 2m (stall_timeout, vm). " +
				"The link from kvm1 to kvm2, or QEMU on kvm2, accepts no more data." + runs,
		},
		"not converged": {
			&migration.NotConvergedError{Failure: after(migration.Course{Cause: migration.CausedByStall, Obeyed: true, Figures: measured})},
			"Migration Did Not Converge",
			"The migration of VM web from kvm1 to kvm2 was cancelled after 1m0s, because it made no progress for 2m (stall_timeout, vm) and at least 3 passes over memory. " +
				"In pass 7 the guest dirtied at least 110 MiB/s (QEMU counts a page once a pass) while 60 MiB/s were sent, 2048 MiB in all; " +
				"at best 10 MiB of 1024 MiB remained after a pass; auto-converge had throttled the guest by 99 %." +
				"\n\nWhat would help:\n  - The throttle reached 99 % and can rise no further: this guest does not dirty less when its vCPUs are slowed down, so auto_converge does not help it." + runs,
		},
		"failed": {
			&migration.FailedError{Failure: after(migration.Course{Err: refused})},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 failed after 1m0s. libvirt says: internal error." + runs,
		},
		"a step of a direct one failed": {
			&migration.FailedError{Failure: after(migration.Course{Mode: migration.Direct, Err: &migration.StepError{Host: "kvm2", Step: migration.StepPrepare, Err: refused}})},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 failed after 1m0s. kvm2 could not prepare for the VM: internal error." + runs,
		},
		"memory cannot be sent": {
			&migration.FailedError{Failure: after(migration.Course{Err: migration.ErrMemoryUnreachable, MigrationURI: "tcp://10.0.0.2"})},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 failed after 1m0s. libvirt says: the source cannot reach the address that memory is sent to. " +
				"That is the address that memory was to be sent to, from the migration_uri of kvm2 (tcp://10.0.0.2). kvm1 must reach it, on the port that libvirt on kvm2 chooses where the URI has none." + runs,
		},
		"nothing answers where memory is sent": {
			&migration.FailedError{Failure: after(migration.Course{Err: migration.ErrMemoryUnreachable, MigrationURI: "tcp://10.0.0.2:49200", Connecting: time.Minute})},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 failed after 1m0s. libvirt says: the source cannot reach the address that memory is sent to. " +
				"Nothing answered there: mostly a firewall on kvm2, or on the way, that drops what kvm1 sends. It must let TCP 49200 through. " +
				"That is the address that memory was to be sent to, from the migration_uri of kvm2 (tcp://10.0.0.2:49200). kvm1 must reach it, on the port that libvirt on kvm2 chooses where the URI has none." + runs,
		},
		"cancelled while nothing answers": {
			&migration.CancelledError{Failure: after(migration.Course{Cause: migration.CausedByCaller, Err: migration.ErrMemoryUnreachable, Connecting: 50 * time.Second})},
			"Migration Cancelled", "The migration of VM web from kvm1 to kvm2 was cancelled after 1m0s. " +
				"libvirt on kvm1 could not be stopped while it connected to kvm2, and gave that up after 50s: the source cannot reach the address that memory is sent to. " +
				"Nothing answered there: mostly a firewall on kvm2, or on the way, that drops what kvm1 sends. " +
				"It must let TCP 49152 to 49215 (migration_port_min to migration_port_max in its qemu.conf) through. " +
				"That is the address that memory was to be sent to: the host name that kvm2 gives itself. `getent hosts NAME` on kvm1 must print an address of kvm2 for it. A migration_uri of kvm2 in the provider's configuration sets another one." + runs,
		},
		"cancelled while nothing answers, and libvirt took the order when it had given up": {
			&migration.CancelledError{Failure: after(migration.Course{Cause: migration.CausedByCaller, Err: migration.ErrMemoryUnreachable, Obeyed: true, Connecting: 50 * time.Second})},
			"Migration Cancelled", "The migration of VM web from kvm1 to kvm2 was cancelled after 1m0s. " +
				"libvirt on kvm1 could not be stopped while it connected to kvm2, and gave that up after 50s: the source cannot reach the address that memory is sent to. " +
				"Nothing answered there: mostly a firewall on kvm2, or on the way, that drops what kvm1 sends. " +
				"It must let TCP 49152 to 49215 (migration_port_min to migration_port_max in its qemu.conf) through. " +
				"That is the address that memory was to be sent to: the host name that kvm2 gives itself. `getent hosts NAME` on kvm1 must print an address of kvm2 for it. A migration_uri of kvm2 in the provider's configuration sets another one." + runs,
		},
		"never started": {
			&migration.FailedError{Failure: after(migration.Course{Cause: migration.CausedByNoStart, Obeyed: true})},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 sent nothing for 1m0s, and was cancelled. kvm2 is not receiving it: libvirt on kvm1 may be waiting for an answer from libvirt on kvm2. " +
				"Look at the peer_uri and the network between the two." + runs,
		},
		"what the VM loses if it arrives": {
			&migration.FailedError{Failure: migration.Failure{
				Course: migration.Course{Err: refused, Elapsed: time.Second},
				Outcome: migration.Outcome{
					UUID: remedyUUID, Name: "web",
					Source: migration.Observation{Host: "kvm1", Err: migration.ErrNoDomain}, Destination: observed("kvm2", migration.StatePostCopy),
				},
				Lost: []migration.Warning{
					{Kind: migration.WarningAutostart, Autostart: &migration.LostAutostart{Was: migration.Autostart{Always: true}}},
					{Kind: migration.WarningCheckpoints, Checkpoints: &migration.LostCheckpoints{Names: []string{"monday"}}},
				},
			}},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 failed after 1s. libvirt says: internal error.\n\n" +
				"Autostart was not carried to kvm2. The VM had it on kvm1: once it is on kvm2, run `virsh autostart " + remedyUUID + "` on kvm2.\n\n" +
				"The VM's checkpoints (monday) were not carried to kvm2. " + redefine + "\n\n" +
				"It still fetches memory from kvm1, which must not be disturbed until that has ended.\n\nVM web is running on kvm2",
		},
		"a definition that was not moved": {
			&migration.DefinitionError{Failure: migration.Failure{
				Course: migration.Course{Err: refused, Elapsed: time.Second},
				Outcome: migration.Outcome{
					UUID: remedyUUID, Name: "web",
					Source: observed("kvm1", migration.StateShutOff), Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain},
				},
			}},
			"Unable to Migrate VM", "The move of the definition of VM web from kvm1 to kvm2 failed. libvirt says: internal error.\n\nVM web is shut off on kvm1",
		},
		"max_downtime_ms is left": {
			&migration.FailedError{Failure: migration.Failure{
				Course: migration.Course{Err: refused, Elapsed: time.Second}, Outcome: stays,
				Downtime: &migration.StaleDowntime{Milliseconds: 100, Before: 300, Err: migration.ErrDenied},
			}},
			"Unable to Migrate VM", "The migration of VM web from kvm1 to kvm2 failed after 1s. libvirt says: internal error.\n\n" +
				"The guest's longest pause for a switch-over, 100 ms from max_downtime_ms, could not be set back to 300 ms: operation denied." + runs,
		},
	}
	var told []string
	for _, test := range tests {
		told = append(told, reflect.TypeOf(test.err).Elem().Name())
	}
	slices.Sort(told)
	if diff := cmp.Diff(diagnoses(t), slices.Compact(told)); diff != "" {
		t.Errorf("types of Diagnosis, and those with a case here (-want +got):\n%s", diff)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Failure(test.err)
			if got.Summary != test.summary {
				t.Errorf("summary %q, want %q", got.Summary, test.summary)
			}
			if got.Detail != test.detail {
				t.Errorf("got:\n%s\nwant:\n%s", got.Detail, test.detail)
			}
		})
	}
}
