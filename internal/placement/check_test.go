package placement_test

import (
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// TestCheckFindsWhatIsWrong has one plan for each rule, wrong in that only.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	step := func(vm, from, to string, stage int) placement.Step {
		return placement.Step{VM: "uuid-" + vm, From: from, To: to, Stage: stage}
	}
	stuck := func(vm string) placement.Stuck {
		return placement.Stuck{VM: "uuid-" + vm, Binding: placement.NoHost{}}
	}
	steps := func(s ...placement.Step) placement.Plan { return placement.Plan{Steps: s} }
	for rule, scene := range map[string]struct {
		world string
		drain placement.Drain
		plan  placement.Plan
	}{
		"nothing is said of the VM": {"a 16\nb 16\nx on a 4", placement.Drain{}, steps()},
		"the VM is stuck and moves": {"a 16\nb 16\nx on a 4", placement.Drain{}, placement.Plan{
			Steps: []placement.Step{step("x", "a", "b", 0)}, Stuck: []placement.Stuck{stuck("x")},
		}},
		"the VM is stuck for no reason": {"a 16\nb 16\nx on a 4", placement.Drain{}, placement.Plan{
			Stuck: []placement.Stuck{{VM: "uuid-x"}},
		}},
		"the stages are not in order": {"a 16\nb 16\nx on a 4\ny on a 4", placement.Drain{}, steps(
			step("x", "a", "b", 1), step("y", "a", "b", 0))},
		"the VM moves twice": {"a 16\nb 16\nc 16\nx on a 4", placement.Drain{}, steps(
			step("x", "a", "b", 0), step("x", "b", "c", 1))},
		"there is no such VM":       {"a 16\nb 16", placement.Drain{}, steps(step("x", "", "b", 0))},
		"there is no such host":     {"a 16\nx on a 4", placement.Drain{Among: []string{"b"}}, steps(step("x", "a", "b", 0))},
		"the VM is elsewhere":       {"a 16\nb 16\nc 16\nx on a 4", placement.Drain{}, steps(step("x", "c", "b", 0))},
		"the VM is there":           {"a 16\nb 16\nx on a 4\ny on b 4", placement.Drain{MakeRoom: true}, steps(step("x", "a", "b", 0), step("y", "b", "b", 0))},
		"the host is to be emptied": {"a 16\nb 16\ny on b 4", placement.Drain{MakeRoom: true}, steps(step("y", "b", "a", 0))},
		"the host was not named":    {"a 16\nb 16\nc 16\nx on a 4", placement.Drain{Among: []string{"c"}}, steps(step("x", "a", "b", 0))},
		"the host is cordoned":      {"a 16\nb 16 cordoned\nx on a 4", placement.Drain{}, steps(step("x", "a", "b", 0))},
		"the host does not answer":  {"a 16\nb 16 silent\nx on a 4", placement.Drain{}, steps(step("x", "a", "b", 0))},
		"a check refuses the host":  {"a 16\nb 16\nx on a 4 refused=b", placement.Drain{}, steps(step("x", "a", "b", 0))},
		"the VM cannot be moved":    {"a 16\nb 16\nx on a 4 fixed", placement.Drain{}, steps(step("x", "a", "b", 0))},
		"the VM is to stay":         {"a 16\nb 16\nx on a 4", placement.Drain{VMs: []string{}}, steps(step("x", "a", "b", 0))},
		"the host has too few CPUs": {"a 16\nb 16 cpus=1\nx on a 4 cpus=2", placement.Drain{}, steps(step("x", "a", "b", 0))},
		"the host has too little memory": {"a 16\nb 16\nx on a 12\ny on a 8", placement.Drain{}, steps(
			step("x", "a", "b", 0), step("y", "a", "b", 0))},
		"VMs of other hosts are to stay": {"a 16\nb 16\nc 16\ny on b 4", placement.Drain{}, steps(step("y", "b", "c", 0))},
		"the host has another VM of the group": {"a 16\nb 16\nx on a 4 group=db\ny on b 4 group=db", placement.Drain{}, steps(
			step("x", "a", "b", 0))},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := world(t, scene.world)
			d := scene.drain
			d.Host = "a"
			if d.Among == nil {
				d.Among = names(w)
			}
			found := placement.Check(w, d, scene.plan)
			if !slices.ContainsFunc(found, func(v placement.Violation) bool { return v.Rule == rule }) {
				t.Errorf("found %v", found)
			}
		})
	}
}

// TestCheckCountsWhatIsStillOnItsWay has plans that are right at their end, and wrong on the way.
func TestCheckCountsWhatIsStillOnItsWay(t *testing.T) {
	t.Parallel()
	for name, scene := range map[string]struct {
		world string
		stage int // of the second step
		right bool
	}{
		"memory that is left in the same stage":    {"a 16\nb 16\nc 16\nx on a 12\ny on b 8", 0, false},
		"memory that was left in the stage before": {"a 16\nb 16\nc 16\nx on a 12\ny on b 8", 1, true},
		"untouched memory that was left before":    {"a 16\nb 16\nc 16\nx on a 12\ny on b 8 touched=1", 1, true},
		"no more than there is":                    {"a 16\nb 16 used=6\nc 16\nx on a 12\ny on b 8 touched=1", 1, false},
		"a group of which one leaves in the same stage": {
			"a 16\nb 16\nc 16\nx on a 1 group=db\ny on b 1 group=db", 0, false,
		},
		"a group of which one has left": {"a 16\nb 16\nc 16\nx on a 1 group=db\ny on b 1 group=db", 1, true},
		"huge pages that are left in the same stage": {
			"a 16\nb 16 pages=2048:0\nc 16 pages=2048:512\nx on a 1 huge=2048\ny on b 1 huge=2048", 0, false,
		},
		"huge pages that were left before": {
			"a 16\nb 16 pages=2048:0\nc 16 pages=2048:512\nx on a 1 huge=2048\ny on b 1 huge=2048", 1, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, scene.world)
			plan := placement.Plan{Steps: []placement.Step{
				{VM: "uuid-y", From: "b", To: "c", Stage: 0}, {VM: "uuid-x", From: "a", To: "b", Stage: scene.stage},
			}}
			found := placement.Check(w, placement.Drain{Host: "a", Among: names(w), MakeRoom: true}, plan)
			if right := len(found) == 0; right != scene.right {
				t.Errorf("found %v", found)
			}
		})
	}
}
