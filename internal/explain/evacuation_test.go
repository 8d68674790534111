package explain

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

var (
	kvm1 = fleet.Member{Name: "kvm1", UUID: remedyUUID}
	// leaves and returns have everything that a plan can say.
	leaves = fleet.EvacuationPlan{
		Host: kvm1, Evacuation: "e1", Cordoned: true,
		Moves: []fleet.EvacuationMove{
			{VM: evacuation.VM{Name: "web"}, To: "kvm2", Why: []placement.Reason{placement.MemoryLeft{Left: 1 << 30, Total: 4 << 30}}, Unchecked: []preflight.Unchecked{
				{Check: "files", Why: preflight.NeedsThorough, What: "disk vda (/srv/web.qcow2)", Host: "kvm2"},
			}},
			{VM: evacuation.VM{Name: "db"}, To: "kvm3", Why: []placement.Reason{placement.CPUsPromised{Promised: 4, CPUs: 8}}, Stage: 1, Lasts: 42e9},
			{VM: evacuation.VM{Name: "moving"}, To: "kvm2"},
		},
		Stops: []evacuation.VM{{Name: "batch", By: policy.EvacuateShutDown}, {Name: "build", By: policy.EvacuateManagedSave}},
		Stays: []evacuation.VM{{Name: "router"}},
		Stuck: []fleet.StuckVM{
			{VM: evacuation.VM{Name: "big", Host: "kvm1"}, Binding: placement.MemoryShort{Need: 8 << 30, Room: 1 << 30, Total: 4 << 30}, Host: "kvm2", Would: []fleet.EvacuationMove{
				{VM: evacuation.VM{Name: "mail", Host: "kvm2"}, To: "kvm3"},
			}},
			{VM: evacuation.VM{Name: "old"}, Host: "kvm2", Binding: placement.Refused{Finding: migration.Finding{
				Check: preflight.CheckVerdict, Fact: preflight.Refused{}, Host: "kvm1", Err: errors.New("domain with 1 snapshots"),
			}}},
			{VM: evacuation.VM{Name: "alone"}, Binding: placement.NoHost{}},
			{VM: evacuation.VM{Name: "fleeting", By: policy.EvacuateShutDown}, Why: evacuation.Transient},
		},
	}
	returns = fleet.Return{Host: kvm1, Returning: evacuation.Returning{
		Move: []evacuation.VM{{Name: "web", Host: "kvm2"}}, Leaving: []evacuation.VM{{Name: "late", BoundFor: "kvm2"}}, Start: []evacuation.VM{{Name: "batch"}}, Elsewhere: []evacuation.VM{{Name: "db", Host: "kvm3"}},
	}, Unclear: []fleet.VMFailure{{VM: evacuation.VM{Name: "odd"}, Err: errors.New("access denied")}}, Stuck: []fleet.StuckVM{
		{VM: evacuation.VM{Name: "big", Host: "kvm2", Active: true}, Host: "kvm1", Binding: placement.MemoryShort{Need: 8 << 30, Room: 1 << 30, Total: 4 << 30}},
		{VM: evacuation.VM{Name: "idle", Host: "kvm1", Past: evacuation.Past{Stopped: policy.EvacuateShutDown}}, Host: "kvm1", Binding: placement.MemoryShort{}},
	}}
)

func TestWouldLeave(t *testing.T) {
	t.Parallel()
	text := WouldLeave(leaves).Detail
	for _, want := range []string{
		"  - web was to move to kvm2: 1024 MiB of 4096 MiB memory left\n",
		"  - db was to move to kvm3 in about 42s, after others had left room: 4 virtual CPUs on 8 CPUs\n",
		"  - moving was on its way to kvm2\n",
		"  - batch was to be shut down, as its policy says\n", "  - build was to be saved on its host, as its policy says\n",
		"  - router was to stay, as its policy says\n",
		"  - could not leave: big (kvm2, which came closest: too little memory (1024 MiB of 4096 MiB not promised to a VM, the VM needs 8192 MiB)); there would have been room once mail had moved from kvm2 to kvm3\n",
		"  - could not leave: old (kvm2, which came closest: source's verdict: refused by libvirt on kvm1: domain with 1 snapshots)\n",
		"  - could not leave: alone (no other host that it may go to)\n",
		"  - could not leave: fleeting (transient: it would have been gone once shut down)",
		"Moves were to start in this order: those first that were expected to last longest",
		"An evacuation of kvm1 had been begun already (e1), and the apply goes on with it.",
		"  - web: disk vda (/srv/web.qcow2) on kvm2\nThe apply looks for them before it begins anything, ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := WouldLeave(fleet.EvacuationPlan{Host: kvm1}).Detail; !strings.HasPrefix(text, "When this plan was made, no VM ran on kvm1.") {
		t.Error(text)
	}
}

func TestStartOrder(t *testing.T) {
	t.Parallel()
	two := fleet.EvacuationPlan{Moves: []fleet.EvacuationMove{{}, {}}}
	if text := startOrder(two); !strings.Contains(text, "most memory") {
		t.Errorf("nothing is known: %q", text)
	}
	if text := startOrder(fleet.EvacuationPlan{Moves: two.Moves[:1]}); text != "" {
		t.Errorf("one move: %q", text)
	}
}

func TestWouldReturn(t *testing.T) {
	t.Parallel()
	text := WouldReturn(returns).Detail
	for _, want := range []string{
		"  - web was to move back from kvm2\n",
		"  - late was still on its way to kvm2: the apply opens nothing until it has arrived\n",
		"  - big was to stay on kvm2, as kvm1 had no room for it: too little memory (1024 MiB of 4096 MiB not promised to a VM, the VM needs 8192 MiB)\n",
		"  - idle was to stay off on kvm1, as kvm1 had no room for it: too little memory",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	back := NotBack("kvm1", fleet.Return{Stuck: returns.Stuck}, nil, nil).Detail
	gone := NotBack("kvm1", fleet.Return{}, nil, map[string]string{"u1": "kvm2", "u2": ""}).Detail
	if want := "VM u1, which was moved to kvm2, is on no host any more.\n\nVM u2, which was stopped on kvm1, is on no host any more."; gone != want {
		t.Errorf("got %s", gone)
	}
	if want := "VM big stays on kvm2, as it was, because kvm1 has no room for it: too little memory"; !strings.Contains(back, want) {
		t.Errorf("no %q in\n%s", want, back)
	}
}

// TestEvacuation: what is said of a host that was not emptied says how it was left, and how to go on.
func TestEvacuation(t *testing.T) {
	t.Parallel()
	web := evacuation.VM{Name: "web", UUID: remedyUUID}
	deaf := &fleet.NotStoppedError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", UUID: remedyUUID, State: migration.StateRunning}},
		By:       policy.EvacuateShutDown, Waited: 300e9, Seen: true,
	}
	cancelled := &fleet.NotStoppedError{Location: deaf.Location, By: policy.EvacuateShutDown, Waited: 20e9, Seen: true, Err: context.Canceled}
	off := &fleet.NotStartedError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", UUID: remedyUUID, State: migration.StateShutOff}},
		Seen:     true,
		Err:      errors.New("no disk"),
	}
	for name, test := range map[string]struct {
		err     error
		summary string
		words   []string
	}{
		"stuck from the beginning": {
			&fleet.EvacuationError{Host: "kvm1", Stuck: leaves.Stuck[:1]},
			"Unable to Evacuate Host",
			[]string{"VM big has nowhere to go. What speaks against kvm2, which comes closest: too little memory", ". There would be room once mail had moved from kvm2 to kvm3.", "VM big stays on kvm1, as it was.", "Nothing was begun: make room, or set on_failure"},
		},
		"the only other host is emptied by the same run": {
			&fleet.EvacuationError{Host: "kvm1", Stuck: []fleet.StuckVM{
				{VM: evacuation.VM{Name: "web", Host: "kvm1"}, Host: "kvm2", Binding: placement.Emptied{}}, {VM: evacuation.VM{Name: "db", Host: "kvm1"}, Host: "kvm2", Binding: placement.Cordoned{}},
			}},
			"Unable to Evacuate Host",
			[]string{
				"VM web has nowhere to go. What speaks against kvm2, which comes closest: in maintenance, or being emptied, by the same run. VM web stays on kvm1, as it was.",
				"Nothing was begun: empty one host after the other, which means to end the maintenance of kvm2 before, or set on_failure",
			},
		},
		"both of a pair are cordoned": {
			&fleet.EvacuationError{Host: "kvm1", Cordoned: true, Stuck: []fleet.StuckVM{{VM: evacuation.VM{Name: "web", Host: "kvm1"}, Host: "kvm2", Binding: placement.Cordoned{}}}},
			"Unable to Evacuate Host",
			[]string{"comes closest: cordoned.", "The VMs can leave once the maintenance of kvm2 has ended. kvm1 stays cordoned"},
		},
		"a guest that does not shut down": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Cordoned: true, Done: []fleet.VMDeed{
				{VM: evacuation.VM{Name: "moved"}, Doing: fleet.DeedMove, To: "kvm2"}, {VM: evacuation.VM{Name: "batch", By: policy.EvacuateShutDown}, Doing: fleet.DeedStop},
			}, Failures: []fleet.VMFailure{{VM: web, Err: deaf}}},
			"Unable to Evacuate Host",
			[]string{
				"The guest of VM web on kvm1 did not shut down within 5m0s. It may still do so.", "VM web is running on kvm1", "This was done before that:\n  - batch is shut down\n  - moved is on kvm2\nAll other VMs are where they were",
				"kvm1 stays cordoned: apply again to go on", "terraform import ADDRESS kvm1",
				"virsh secret-undefine 6d696772-6174-4e00-8000-686f73740000",
			},
		},
		"cancelled while a guest shuts down": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Cordoned: true, Err: context.Canceled, Failures: []fleet.VMFailure{{VM: web, Err: cancelled}}},
			"Unable to Evacuate Host",
			[]string{"The evacuation of kvm1 was cancelled.\n", "The guest of VM web on kvm1 was asked to shut down, and had not done so 20s later, when that was cancelled. It may still do so. VM web is running on kvm1", "All other VMs are where they were"},
		},
		"a move that failed": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Cordoned: true, Failures: []fleet.VMFailure{{VM: web, Err: &fleet.NotFoundError{VM: "web", Hosts: []string{"kvm1"}}}}},
			"Unable to Evacuate Host",
			[]string{"VM web: ", "kvm1 stays cordoned"},
		},
		"a VM that does not start": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Returning: true, Done: []fleet.VMDeed{{VM: evacuation.VM{Name: "batch"}, Doing: fleet.DeedStart}}, Failures: []fleet.VMFailure{{VM: web, Err: off}}},
			"Unable to Bring VMs Back",
			[]string{"batch runs on kvm1 again", "VM web did not start on kvm1: no disk. It is off: `virsh start " + remedyUUID + "` on kvm1", "kvm1 is open, and its record keeps the evacuation: destroy the resource again"},
		},
		"no room on the host": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Returning: true, Done: []fleet.VMDeed{{VM: evacuation.VM{Name: "moved"}, Doing: fleet.DeedMove, To: "kvm1"}}, Stuck: returns.Stuck},
			"Unable to Bring VMs Back",
			[]string{
				"VM big stays on kvm2, as it was, because kvm1 has no room for it: too little memory", "VM idle stays off on kvm1", "moved is on kvm1",
				"make room there and destroy the resource again",
			},
		},
		"a history that was not written": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Cordoned: true, Done: []fleet.VMDeed{{VM: web, Doing: fleet.DeedMove, To: "kvm2"}}, Failures: []fleet.VMFailure{{VM: web, Err: &fleet.UnwrittenError{
				Location: fleet.Location{Host: "kvm2", Domain: migration.Domain{Name: "web", UUID: remedyUUID, State: migration.StateRunning}}, Seen: true, From: "kvm1", Err: errors.New("access denied"),
			}}}},
			"Unable to Evacuate Host",
			[]string{
				"VM web has moved from kvm1 to kvm2, and its history could not be written to say so: access denied.",
				`once kvm1 is open again, move it there by a virt_vm_live_migration with destination = "kvm1".`, "VM web is running on kvm2",
			},
		},
		"opened meanwhile": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Err: &fleet.OpenedError{Host: "kvm1"}, Done: []fleet.VMDeed{{VM: web, Doing: fleet.DeedMove, To: "kvm2"}}},
			"Unable to Evacuate Host",
			[]string{"kvm1 was opened while it was being emptied, by another run or because its record was removed: nothing more was begun", "web is on kvm2", "Apply again"},
		},
		"VMs that are still leaving": {
			&fleet.StillLeavingError{Host: "kvm1", VMs: []evacuation.VM{{Name: "web", BoundFor: "kvm2"}}}, "Unable to Bring VMs Back",
			[]string{"these could not come back yet:\n  - web is on its way to kvm2\nSo kvm1 was not opened, and nothing was changed. Destroy the resource again once their moves have ended."},
		},
		"VMs that have begun to leave since": {
			&fleet.EvacuationError{Host: "kvm1", Evacuation: "e1", Returning: true, Err: &fleet.StillLeavingError{Host: "kvm1", VMs: []evacuation.VM{{Name: "web", BoundFor: "kvm2"}}, Opened: true}},
			"Unable to Bring VMs Back",
			[]string{"  - web is on its way to kvm2\nWait until their moves have ended.", "kvm1 is open, and its record keeps the evacuation: destroy the resource again"},
		},
		"no host in the cluster": {&fleet.EmptyClusterError{Cluster: "db", Besides: "kvm1"}, "Unable to Evacuate Host", []string{`cluster "db" besides kvm1`, "Nothing was changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := Evacuation(strings.TrimPrefix(test.summary, "Unable to "), test.err)
			if text.Summary != test.summary {
				t.Errorf("the summary is %q", text.Summary)
			}
			for _, want := range test.words {
				if !strings.Contains(text.Detail, want) {
					t.Errorf("no %q in\n%s", want, text.Detail)
				}
			}
		})
	}
}

func TestEvacuationLine_unwritten(t *testing.T) {
	t.Parallel()
	got := EvacuationLine(fleet.EvacuationProgress{
		Host: "kvm1", VM: evacuation.VM{Name: "web"}, Doing: fleet.DeedMove, To: "kvm2", Unwritten: errors.New("access denied"),
	})
	const want = "web: is on kvm2, and its history could not be written to say so, without which it does not come back to kvm1. That is tried " +
		"once more at the end: access denied"
	if got != want {
		t.Errorf("got %s", got)
	}
}

func TestEmptied(t *testing.T) {
	t.Parallel()
	done := fleet.Evacuated{
		Host: kvm1, Moved: map[string]string{"1": "kvm3", "2": "kvm2", "3": "kvm3"}, Stopped: map[string]policy.Evacuation{"4": policy.EvacuateShutDown},
		Remaining: []string{"5"},
	}
	if got, want := Emptied(done), "kvm1: 3 VMs moved, 1 stopped, 1 remain (1 on kvm2, 2 on kvm3)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
