package explain

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// someChoice is one with two candidates, and one host that is none.
var someChoice = placement.Choice{
	Candidates: []placement.Candidate{
		{Host: "kvm2", Score: 71.3, Reasons: []placement.Reason{placement.MemoryLeft{Left: 3 << 30, Total: 8 << 30}, placement.LinkShare{}}},
		{Host: "kvm3", Score: 60},
	},
	Rejected: map[string]placement.Reason{"kvm4": placement.Silent{}},
}

func TestChosenDestination(t *testing.T) {
	t.Parallel()
	l := fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", UUID: remedyUUID, State: migration.StateRunning}}
	const was = "When this plan was made, VM web was running on kvm1, and its move would have gone to kvm2 (score 71.3: 3072 MiB of " +
		"8192 MiB memory left, no other move), before kvm3 (score 60.0). Not kvm4: no answer. The apply chooses by the same rules"
	if got := WouldChoose(l, someChoice).Detail; !strings.HasPrefix(got, was) || !strings.HasSuffix(got, `write destination = "kvm2" instead.`) {
		t.Errorf("the plan says %s", got)
	}
	p := fleet.Progress{Choice: &someChoice}
	p.Name = "web"
	const goes = "VM web goes to kvm2: score 71.3: 3072 MiB of 8192 MiB memory left, no other move; before kvm3 (score 60.0). Not kvm4: no answer"
	if got := Line(p); got != goes {
		t.Errorf("the move says %s", got)
	}
}

// TestLapsed: a choice that did not hold says what came between, and where the VM is.
func TestLapsed(t *testing.T) {
	t.Parallel()
	e := &fleet.LapsedChoiceError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}}, Host: "kvm2",
		Why: placement.MemoryShort{Need: 8 << 30, Room: 1 << 30, Total: 4 << 30},
	}
	text := Move(e)
	if text.Summary != "Unable to Choose Destination" {
		t.Errorf("the summary is %q", text.Summary)
	}
	for _, want := range []string{
		"VM web was to go to kvm2, and each time until its move had a place there something else had come between: too little memory",
		"Nothing was started. Apply again", "VM web is running on kvm1",
	} {
		if !strings.Contains(text.Detail, want) {
			t.Errorf("no %q in\n%s", want, text.Detail)
		}
	}
	p := fleet.Progress{Lapsed: e.Why}
	p.Name, p.Destination = "web", "kvm2"
	if got, want := Line(p), "VM web cannot go to kvm2 any more, and another host is looked for: too little memory"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoDestination(t *testing.T) {
	t.Parallel()
	l := fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", UUID: remedyUUID, State: migration.StateRunning}}
	mode := migration.Finding{Check: preflight.CheckMode, Fact: preflight.NoPeerURI{}, Host: "kvm3"}
	for name, test := range map[string]struct {
		err  fleet.NoDestinationError
		want string
	}{
		"hosts": {
			fleet.NoDestinationError{
				Location: l, Among: fleet.Candidates{Hosts: []string{"kvm2", "kvm3"}},
				Rejected: map[string]placement.Reason{"kvm2": placement.Silent{}, "kvm3": placement.Refused{Finding: mode}},
			},
			"No host of destinations can take VM web. Nothing was started. What speaks against each:\n\nkvm2: no answer.\n\nkvm3: " +
				Finding(mode) + "\n\nMend one of these and apply again, or name more hosts.\n\nVM web is running on kvm1",
		},
		"a cluster": {
			fleet.NoDestinationError{
				Location: l, Among: fleet.Candidates{Hosts: []string{"kvm2"}, Cluster: "compute"},
				Rejected: map[string]placement.Reason{"kvm2": placement.Cordoned{}},
			},
			"No host of cluster \"compute\" can take VM web. Nothing was started. What speaks against each:\n\nkvm2: cordoned. To have it take VMs again, " + openIt("kvm2") + "\n\n" +
				"Mend one of these and apply again, or name more hosts.\n\nVM web is running on kvm1",
		},
		"a cluster without hosts": {
			fleet.NoDestinationError{Location: l, Among: fleet.Candidates{Cluster: "compute"}},
			"No host that answered has a record of cluster \"compute\", so VM web can go to none. Nothing was started. Check the name, " +
				"and the hosts of its virt_cluster_migration_policy.\n\nVM web is running on kvm1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Move(&test.err); got.Detail != test.want || got.Summary != "Unable to Choose Destination" {
				t.Errorf("got  %s: %s\nwant %s", got.Summary, got.Detail, test.want)
			}
		})
	}
}

func TestWantedTwiceNamesBothPlaces(t *testing.T) {
	t.Parallel()
	got := WantedTwice("web", &fleet.WantedTwiceError{
		Here: fleet.Wanted{Among: fleet.Candidates{Hosts: []string{"kvm1", "kvm2"}}}, There: fleet.Wanted{Among: fleet.Candidates{Cluster: "compute"}},
	}).Detail
	const want = `wants VM web on a host of cluster "compute", and this one wants it on one of kvm1, kvm2: they`
	if !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}
