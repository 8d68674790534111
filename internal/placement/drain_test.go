package placement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// told is a plan as one line: the moves of each stage, then who is stuck and why, and what would make room for it.
func told(w placement.World, p placement.Plan) string {
	name := func(uuid string) string {
		i := slices.IndexFunc(w.VMs, func(vm placement.VM) bool { return vm.UUID == uuid })
		return w.VMs[i].Name
	}
	moves := func(steps []placement.Step) string {
		var b strings.Builder
		for i, s := range steps {
			switch {
			case i > 0 && steps[i-1].Stage != s.Stage:
				b.WriteString(", then ")
			case i > 0:
				b.WriteString(" ")
			}
			b.WriteString(name(s.VM) + ">" + s.To)
		}
		return b.String()
	}
	parts := []string{moves(p.Steps)}
	for _, s := range p.Stuck {
		line := fmt.Sprintf("%s stays: %s", name(s.VM), s.Binding.About())
		if s.Host != "" {
			line += " on " + s.Host
		}
		if len(s.Would) > 0 {
			line += ", but for " + moves(s.Would)
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, "; ")
}

// scene is a drain of host a to all others.
type scene struct {
	world string
	// makeRoom allows moves of the VMs of other hosts.
	makeRoom bool
	want     string
}

func (s scene) run(t *testing.T) {
	t.Helper()
	w := world(t, s.world)
	d := placement.Drain{Host: "a", Among: names(w), MakeRoom: s.makeRoom}
	plan := placement.PlanDrain(w, d)
	if diff := cmp.Diff(s.want, told(w, plan)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	for _, v := range placement.Check(w, d, plan) {
		t.Errorf("the plan is wrong: %s", v)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	for name, scene := range map[string]scene{
		// Basic.
		"an empty host": {
			world: "a 16\nb 16\nx on b 1",
			want:  "",
		},
		"one VM": {
			world: "a 16\nb 16\nx on a 4",
			want:  "x>b",
		},
		"the large ones first": {
			world: "a 16\nb 64\nx on a 1\ny on a 8\nz on a 4",
			want:  "y>b z>b x>b",
		},
		"of equal ones the busy first": {
			world: "a 16\nb 64\nx on a 4\ny on a 4 lasts=100\nz on a 4 lasts=5",
			want:  "y>b z>b x>b",
		},
		"spread over equal hosts": {
			world: "a 16\nb 16\nc 16\nw on a 4\nx on a 4\ny on a 4\nz on a 4",
			want:  "w>b x>c y>b z>c",
		},
		"spread by what is free": {
			world: "a 32\nb 64\nc 10\nx on a 8\ny on a 8",
			want:  "x>b y>b",
		},
		"the links share": {
			world: "a 16\nb 64 link=100 arriving=1\nc 64 link=100\nx on a 1\ny on a 1",
			want:  "x>c y>b",
		},
		"a VM that is shut off is nowhere": {
			world: "a 16\nb 16",
			want:  "",
		},

		// Constraints.
		"not to a cordoned host": {
			world: "a 16\nb 64 cordoned\nc 16\nx on a 4",
			want:  "x>c",
		},
		"not to a host that does not answer": {
			world: "a 16\nb 64 silent\nc 16\nx on a 4",
			want:  "x>c",
		},
		"not where a check refuses it": {
			world: "a 16\nb 64\nc 16\nx on a 4 refused=b\ny on a 4",
			want:  "x>c y>b",
		},
		"a group goes apart": {
			world: "a 16\nb 64\nc 16\nx on a 4 group=db\ny on a 4 group=db",
			want:  "x>b y>c",
		},
		"two groups at once": {
			world: "a 16\nb 16\nc 16\nw on a 2 group=db\nx on a 2 group=db\ny on a 2 group=web\nz on a 2 group=web",
			want:  "w>b x>c y>b z>c",
		},
		"huge pages where they are": {
			world: "a 16\nb 64\nc 16 pages=2048:2048\nx on a 4 huge=2048\ny on a 4",
			want:  "x>c y>b",
		},
		"CPUs where there are enough": {
			world: "a 16\nb 64 cpus=2\nc 16\nx on a 4 cpus=4\ny on a 4",
			want:  "x>c y>b",
		},
		"the one that has only one host gets it": {
			world: "a 16\nb 8\nc 4\nx on a 4\ny on a 4 refused=c\nz on a 4",
			want:  "x>b y>b z>c",
		},
		"the room is kept for the one that needs it": {
			world: "a 32\nb 12\nc 8\nx on a 8 refused=c\ny on a 7\nz on a 4",
			want:  "x>b y>c z>b",
		},
		"to the last byte": {
			world: "a 32\nb 10\nc 10\nu on a 6\nv on a 6\nx on a 4\ny on a 4",
			want:  "u>b v>c x>b y>c",
		},
		"a tight fit that the best score misses": {
			world: "a 32\nb 11\nc 10\nx on a 5\ny on a 5\nz on a 11",
			want:  "z>b x>c y>c",
		},
		"a group and memory together": {
			world: "a 32\nb 8\nc 16\nx on a 8 group=db\ny on a 8 group=db\nz on a 8",
			want:  "x>c y>b z>c",
		},
		"moves under way are left room": {
			world: "a 16\nb 8\nc 8\nx on a 6\ny on b 4 to=c",
			want:  "; x stays: memory short on b",
		},
		"a VM that leaves already": {
			world: "a 16\nb 16\nc 16\nx on a 4 to=b\ny on a 4",
			want:  "y>c; x stays: on its way",
		},
		"memory that VMs have not touched": {
			world: "a 16\nb 32\nc 16\nx on a 8\ny on b 30 touched=2",
			want:  "x>c",
		},

		// Infeasible.
		"no other host": {
			world: "a 16\nx on a 4",
			want:  "; x stays: no host named",
		},
		"no room for one of three": {
			world: "a 32\nb 8\nc 8\nx on a 8\ny on a 8\nz on a 8",
			want:  "x>b y>c; z stays: memory short on b",
		},
		"all the room there is in the wrong pieces": {
			world: "a 32\nb 6\nc 6\nx on a 8",
			want:  "; x stays: memory short on b",
		},
		"the one that is too large, and not the others": {
			world: "a 64\nb 16\nc 16\nx on a 32\ny on a 8\nz on a 8",
			want:  "y>b z>c; x stays: memory short on b",
		},
		"more of a group than hosts": {
			world: "a 16\nb 64\nc 64\nx on a 1 group=db\ny on a 1 group=db\nz on a 1 group=db",
			want:  "x>b y>c; z stays: anti-affinity group on b",
		},
		"a device of the host": {
			world: "a 16\nb 64\nx on a 1 fixed\ny on a 1",
			want:  "y>b; x stays: refused by a check",
		},
		"refused everywhere": {
			world: "a 16\nb 64\nc 64\nx on a 1 refused=b,c",
			want:  "; x stays: refused by a check on b",
		},
		"emptied, too, everywhere": {
			world: "a 16\nb 64 emptied\nc 64 emptied cordoned\nx on a 1",
			want:  "; x stays: being emptied on b",
		},
		"cordoned everywhere": {
			world: "a 16\nb 64 cordoned\nc 64 cordoned\nx on a 1",
			want:  "; x stays: cordoned on b",
		},
		"what comes closest is told": {
			world: "a 16\nb 64 cordoned\nc 2\nd 3\ne 64 silent\nx on a 4",
			want:  "; x stays: memory short on d",
		},
		"huge pages are short": {
			world: "a 16\nb 64 pages=2048:1000\nx on a 4 huge=2048",
			want:  "; x stays: huge pages short on b",
		},
		"the most that fit": {
			world: "a 32\nb 12\nw on a 4\nx on a 4\ny on a 4\nz on a 4",
			want:  "w>b x>b y>b; z stays: memory short on b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene.run(t)
		})
	}
}

func TestDrainThatMakesRoom(t *testing.T) {
	t.Parallel()
	for name, scene := range map[string]scene{
		"no more moves than it takes": {
			world: "a 16\nb 16\nc 16\nx on a 4\ny on b 12", makeRoom: true,
			want: "x>c",
		},
		"one VM makes room": {
			world: "a 16\nb 16\nc 8\nx on a 12\ny on b 8", makeRoom: true,
			want: "y>c, then x>b",
		},
		"it would, were it allowed": {
			world: "a 16\nb 16\nc 8\nx on a 12\ny on b 8",
			want:  "; x stays: memory short on b, but for y>c",
		},
		"the smallest that is enough": {
			world: "a 32\nb 32\nc 16\nx on a 10 refused=c\nu on b 16\nv on b 12\ny on b 4", makeRoom: true,
			want: "v>c, then x>b",
		},
		"two make room": {
			world: "a 32\nb 16\nc 6\nd 6\nx on a 16\nu on b 6\nv on b 6", makeRoom: true,
			want: "u>c v>d, then x>b",
		},
		"a chain of two": {
			world: "a 32\nb 16\nc 8\nd 4\nx on a 16 refused=c,d\ny on b 8 refused=d\nz on c 4", makeRoom: true,
			want: "z>d, then y>c, then x>b",
		},
		"a chain of three": {
			world: "a 64\nb 32\nc 16\nd 8\ne 4\nw on a 32\nx on b 16\ny on c 8\nz on d 4", makeRoom: true,
			want: "z>e, then y>d, then x>c, then w>b",
		},
		"one of the group makes room": {
			world: "a 16\nb 16\nc 4\nx on a 8 group=db\ny on b 4 group=db", makeRoom: true,
			want: "y>c, then x>b",
		},
		"one of the group, and one for its memory": {
			world: "a 16\nb 16\nc 4\nd 8\nx on a 12 group=db\ny on b 4 group=db\nz on b 8", makeRoom: true,
			want: "z>d y>c, then x>b",
		},
		"huge pages are made free": {
			world: "a 16\nb 16 pages=2048:0\nc 16 pages=2048:2048\nx on a 4 huge=2048 refused=c\ny on b 4 huge=2048",
			want:  "y>c, then x>b", makeRoom: true,
		},
		"two VMs change places with a spare host": {
			world: "a 8\nb 8\nc 8\nd 8\nx on a 8 refused=c,d\ny on b 8 refused=c", makeRoom: true,
			want: "y>d, then x>b",
		},
		"two VMs cannot change places without one": {
			world: "a 8\nb 8\nc 8\nx on a 8 refused=c\ny on b 8 refused=c", makeRoom: true,
			want: "; x stays: memory short on b",
		},
		"a circle of hosts with a spare": {
			world: "a 8\nb 8\nc 8\nd 8\nx on a 8 refused=c,d\ny on b 8 refused=d\nz on c 8 refused=b", makeRoom: true,
			want: "z>d, then y>c, then x>b",
		},
		"a circle of hosts without a spare": {
			world: "a 8\nb 8\nc 8\nx on a 8 refused=c\ny on b 8\nz on c 8", makeRoom: true,
			want: "; x stays: memory short on b",
		},
		"a VM of the host goes elsewhere instead": {
			world: "a 16\nb 8\nc 4\nx on a 8 refused=c\ny on a 4 refused=b\nz on a 4", makeRoom: true,
			want: "x>b y>c; z stays: memory short on b",
		},
		"one that cannot be moved makes no room": {
			world: "a 16\nb 16\nc 8\nx on a 12\ny on b 8 fixed", makeRoom: true,
			want: "; x stays: memory short on b",
		},
		"one on its way makes no room": {
			world: "a 16\nb 16\nc 16 used=4\nx on a 14\ny on b 8 to=c", makeRoom: true,
			want: "; x stays: memory short on b",
		},
		"no room on a cordoned host": {
			world: "a 16\nb 16\nc 8 cordoned\nx on a 12\ny on b 8", makeRoom: true,
			want: "; x stays: memory short on b",
		},
		"no room on the host that is drained": {
			world: "a 64\nb 16\nx on a 12\ny on b 8", makeRoom: true,
			want: "; x stays: memory short on b",
		},
		"room for one, none for the other": {
			world: "a 32\nb 16\nc 8\nw on a 12\nx on a 12\ny on b 8", makeRoom: true,
			want: "y>c, then w>b; x stays: memory short on b",
		},
		"the one that makes room needs room itself": {
			world: "a 16\nb 16\nc 8\nx on a 12\ny on b 8\nz on c 1", makeRoom: true,
			want: "z>b, then y>c, then x>b",
		},
		"no room for the one that could make room": {
			world: "a 16\nb 16\nc 8\nx on a 12\ny on b 8\nz on c 5", makeRoom: true,
			want: "; x stays: memory short on b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene.run(t)
		})
	}
}

// TestDrainAndTheFailuresOfOthers has what users of other programs report, by what happened to them.
func TestDrainAndTheFailuresOfOthers(t *testing.T) {
	t.Parallel()
	for name, scene := range map[string]scene{
		"all VMs to the one host that looked emptiest, until it ran out of memory": {
			world: "a 64\nb 20\nc 16\nd 16\nu on a 8\nv on a 8\nw on a 8\nx on a 8\ny on a 8",
			want:  "u>b v>c w>d x>b y>c",
		},
		"each move saw the same free memory, and together they took it twice": {
			world: "a 64\nb 12\nu on a 8\nv on a 8",
			want:  "u>b; v stays: memory short on b",
		},
		"free memory was that which VMs had not touched yet": {
			world: "a 64\nb 64\nx on a 16\ny on b 28 touched=1\nz on b 28 touched=1",
			want:  "; x stays: memory short on b",
		},
		"VMs of one group met on a host while another was drained": {
			world: "a 16\nb 64\nc 4\nx on a 4 group=db\ny on b 4 group=db\nz on c 4 group=db",
			want:  "; x stays: anti-affinity group on b",
		},
		"VMs of one group met for as long as the other one was leaving": {
			world: "a 16\nb 16\nc 16\nx on a 4 group=db refused=c\ny on b 4 group=db", makeRoom: true,
			want: "y>c, then x>b",
		},
		"VMs were killed because they could not be moved": {
			world: "a 64\nb 4\nx on a 32\ny on a 4 fixed\nz on a 4",
			want:  "z>b; x stays: memory short on b; y stays: refused by a check",
		},
		"a host in maintenance was given the VMs of the next one": {
			world: "a 16\nb 64 cordoned\nc 4\nx on a 4\ny on a 4",
			want:  "x>c; y stays: memory short on c",
		},
		"VMs went to a host that was down": {
			world: "a 16\nb 64 silent\nc 4\nx on a 4",
			want:  "x>c",
		},
		"the large VM came last and found no room": {
			world: "a 32\nb 16\nc 8\nu on a 4\nv on a 4\nx on a 16",
			want:  "x>b u>c v>c",
		},
		"the first VM of the list took the only host of the last one": {
			world: "a 32\nb 8\nc 8\nu on a 8\nx on a 8 refused=c",
			want:  "u>c x>b",
		},
		"a VM was moved to a host whose CPU it cannot run on": {
			world: "a 32\nb 64\nc 8\nx on a 8 refused=b",
			want:  "x>c",
		},
		"the host was emptied onto itself": {
			world: "a 64\nb 4\nx on a 8",
			want:  "; x stays: memory short on b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene.run(t)
		})
	}
}

func TestDrainOfSomeVMs(t *testing.T) {
	t.Parallel()
	w := world(t, "a 16\nb 64\nx on a 4\ny on a 4\nz on a 4")
	d := placement.Drain{Host: "a", Among: []string{"a", "b"}, VMs: []string{"uuid-z", "uuid-x"}}
	plan := placement.PlanDrain(w, d)
	if got, want := told(w, plan), "x>b z>b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, v := range placement.Check(w, d, plan) {
		t.Errorf("the plan is wrong: %s", v)
	}
}

func TestAStepTellsWhyItGoesThere(t *testing.T) {
	t.Parallel()
	w := world(t, "a 16\nb 16\nc 8\nx on a 12\ny on b 8")
	plan := placement.PlanDrain(w, placement.Drain{Host: "a", Among: names(w), MakeRoom: true})
	if len(plan.Steps) != 2 {
		t.Fatalf("plan: %s", told(w, plan))
	}
	first, last := plan.Steps[0], plan.Steps[1]
	if first.For != "uuid-x" || last.For != "" {
		t.Errorf("steps are for %q and %q", first.For, last.For)
	}
	want := placement.MemoryLeft{Left: 4 * gib, Total: 16 * gib}
	if diff := cmp.Diff(placement.Reason(want), last.Candidate.Reasons[0]); diff != "" {
		t.Errorf("first reason (-want +got):\n%s", diff)
	}
}
