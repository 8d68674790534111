package explain

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestNotice(t *testing.T) {
	t.Parallel()
	refused := errors.New("internal error")
	paused := func(result migration.AttemptResult, err error) migration.Attempt {
		return migration.Attempt{Action: policy.Pause, Result: result, Err: err}
	}
	for want, e := range map[string]migration.Notice{
		"": {},
		"warning: no other job on kvm1: kvm1 does not say whether another job runs on VM : internal error.": {
			Kind: migration.NoticeDoubt, Finding: &migration.Finding{
				Check: migration.CheckJob, Fact: migration.JobUnknown{}, Host: "kvm1", Err: refused,
			},
		},
		"from kvm1 to kvm2, direct": {Kind: migration.NoticeStarted, Mode: migration.Direct},
		"a migration from kvm1 to kvm2 is under way already, for 1m3s: watching it to its end":    {Kind: migration.NoticeAdopted, For: 63200 * time.Millisecond},
		"other hosts' libvirt cannot reach kvm2 (it has no peer_uri): going direct":               {Kind: migration.NoticeDirect},
		"peer-to-peer was refused before anything was sent (internal error): going direct":        {Kind: migration.NoticeDirect, Err: refused},
		"sending the rest of the memory from kvm1 to kvm2, direct":                                {Kind: migration.NoticeRecovering, Mode: migration.Direct},
		"another job runs on the VM on kvm1: this migration does not begin before that has ended": {Kind: migration.NoticeQueued},
		"sending memory": {Kind: migration.NoticeSending},
		"lost the call that started the migration (internal error); if that had begun, it goes on without it": {Kind: migration.NoticeCallLost, Err: refused},
		"kvm1 does not answer; a migration that has begun goes on there":                                      {Kind: migration.NoticeSilent},
		"kvm1 answers again": {Kind: migration.NoticeAnswers},
		"not finished after 30m (timeout): pausing the guest": {Kind: migration.NoticePausing, Cause: migration.CausedByTimeout, For: 30 * time.Minute},
		"no progress for 2m (stall_timeout): switching to post-copy": {
			Kind: migration.NoticeSwitching, Cause: migration.CausedByStall, For: 2 * time.Minute,
		},
		"paused the guest, so that it dirties no more memory":                                                 {Kind: migration.NoticePaused},
		"asked libvirt to pause the guest, and it did not answer":                                             {Kind: migration.NoticePauseUnanswered, Err: refused},
		"switched to post-copy: the guest runs on kvm2":                                                       {Kind: migration.NoticeSwitched},
		"the migration is in post-copy":                                                                       {Kind: migration.NoticePostCopy},
		"the migration is in post-copy, which cannot be cancelled without losing the VM; waiting for its end": {Kind: migration.NoticePostCopy, Kept: true},
		"no memory has arrived for 20s; post-copy cannot be cancelled without losing the VM":                  {Kind: migration.NoticeIdleLink, For: 20 * time.Second},
		"too late to cancel: the VM is being started on kvm2":                                                 {Kind: migration.NoticeTooLate},
		"post-copy cannot be cancelled without losing the VM; waiting for its end":                            {Kind: migration.NoticeUncancellable},
		"looking at kvm1 and kvm2":                                                                            {Kind: migration.NoticeVerifying},
		"max_downtime_ms could not be set yet: internal error":                                                {Kind: migration.NoticeDowntimeLater, Err: refused},
		"warning: max_downtime_ms could not be set: internal error":                                           {Kind: migration.NoticeDowntimeNever, Err: refused},
		"cancelled; cancelling the migration":                                                                 {Kind: migration.NoticeCancelling, Cause: migration.CausedByCaller},
		"no byte sent for 2m (stall_timeout); cancelling the migration":                                       {Kind: migration.NoticeCancelling, Cause: migration.CausedByIdleLink, For: 2 * time.Minute},
		"no memory sent after 1m0s, and kvm2 receives nothing; cancelling the migration":                      {Kind: migration.NoticeCancelling, Cause: migration.CausedByNoStart, For: time.Minute},
		"kvm2 has not answered for 15s; cancelling the migration":                                             {Kind: migration.NoticeCancelling, Cause: migration.CausedBySilence, For: 15 * time.Second},
		`not finished after 40s (timeout); on_timeout = "pause" is not tried, because the link had been idle for 6s; cancelling the migration`: {
			Kind: migration.NoticeCancelling, Cause: migration.CausedByTimeout, For: 40 * time.Second,
			Attempt: migration.Attempt{Action: policy.Pause, Result: migration.AttemptSkipped, Skipped: migration.SkippedIdleLink, Idle: 6 * time.Second},
		},
		"the memory did not arrive within 1m0s of pausing the guest; cancelling the migration":   {Kind: migration.NoticeCancelling, Cause: migration.CausedByTimeout, Attempt: paused(migration.AttemptPaused, nil)},
		"libvirt did not say within 1m0s that it had paused the guest; cancelling the migration": {Kind: migration.NoticeCancelling, Cause: migration.CausedByTimeout, Attempt: paused(migration.AttemptUnanswered, nil)},
		"the guest could not be paused: internal error; cancelling the migration":                {Kind: migration.NoticeCancelling, Cause: migration.CausedByTimeout, Attempt: paused(migration.AttemptRefused, refused)},
		"the switch to post-copy was not made: internal error; cancelling the migration": {
			Kind: migration.NoticeCancelling, Cause: migration.CausedByStall, Attempt: migration.Attempt{Action: policy.SwitchToPostCopy, Result: migration.AttemptRefused, Err: refused},
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := Notice(migration.Progress{Subject: web, Notice: e}); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	const turn = "VM web is waiting for its turn to move to kvm2: "
	for want, o := range map[string]places.Wait{
		turn + "another move of it is under way":                                                                                               {Kind: places.OtherMove},
		turn + "another move of it came first":                                                                                                 {Kind: places.EarlierMove},
		turn + "kvm1 sends as many VMs as it may already (max_outgoing_migrations = 2)":                                                        {Kind: places.FullSource, Host: "kvm1", Limit: 2},
		turn + "kvm2 receives as many VMs as it may already (max_incoming_migrations = 2)":                                                     {Kind: places.FullDestination, Host: "kvm2", Limit: 2},
		turn + "the next VM that kvm1 sends is one that has waited longer (max_outgoing_migrations = 2)":                                       {Kind: places.KeptSource, Host: "kvm1", Limit: 2},
		turn + "kvm2 receives another VM (its migration_uri has a port, 49152, which takes one at a time)":                                     {Kind: places.FullDestination, Host: "kvm2", Limit: 1, Port: 49152},
		turn + "the next VM that kvm2 receives is one that has waited longer (its migration_uri has a port, 49152, which takes one at a time)": {Kind: places.KeptDestination, Host: "kvm2", Limit: 1, Port: 49152},
		turn + "the next VM that kvm2 receives is one that has waited longer (max_incoming_migrations = 2)":                                    {Kind: places.KeptDestination, Host: "kvm2", Limit: 2},
		turn + "another move of it is under way: web of the run ops/7/4f":                                                                      {Kind: places.OtherMove, Holders: []places.Holder{{VM: "1", Name: "web", Run: "ops/7/4f"}}},
		turn + "kvm1 sends as many VMs as it may already (max_outgoing_migrations = 3): db of this run; mail, which no run of this provider moves; 3 of the run ops/7/4f": {
			Kind: places.FullSource, Host: "kvm1", Limit: 3,
			Holders: []places.Holder{{VM: "1", Name: "db", Run: "a", Own: true}, {VM: "2", Name: "mail"}, {VM: "3", Run: "ops/7/4f"}},
		},
		turn + "kvm2 has not said whether it has a place for it, and is asked again: the outcome of the call is unknown": {
			Kind: places.Unclear, Host: "kvm2", Err: host.ErrOutcomeUnknown,
		},
		"0s, starting": {},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			p := fleet.Progress{Progress: migration.Progress{Subject: web, Phase: migration.PhaseStarting}, Waiting: o}
			if got := Line(p); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestLine_unleased(t *testing.T) {
	t.Parallel()
	p := fleet.Progress{
		Progress: migration.Progress{Subject: web, Phase: migration.PhaseStarting},
		Unleased: []error{&places.UnleasedError{Host: "kvm2", Err: errors.New("libvirt has no secret driver")}},
	}
	const want = "VM web: the limits do not count what other runs are about to start: kvm2 keeps no leases: libvirt has no secret driver"
	if got := Line(p); got != want {
		t.Errorf("got %s", got)
	}
}
