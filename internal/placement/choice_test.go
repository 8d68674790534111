package placement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// chosen is a choice for VM x as one line: the candidates, the best first, and each other host with what is against it.
func chosen(c placement.Choice) string {
	var hosts, rejected []string
	for _, candidate := range c.Candidates {
		hosts = append(hosts, candidate.Host)
	}
	for host, reason := range c.Rejected {
		rejected = append(rejected, fmt.Sprintf("%s: %s", host, reason.About()))
	}
	slices.Sort(rejected)
	return strings.Join(append([]string{strings.Join(hosts, " ")}, rejected...), "; ")
}

func TestChoiceOfAHost(t *testing.T) {
	t.Parallel()
	for name, scene := range map[string]struct{ world, want string }{
		"one host that fits": {
			"a 16\nb 16\nx on a 4",
			"b; a: the VM is on it",
		},
		"the host with more memory left": {
			"a 16\nb 16\nc 32\nx on a 4",
			"c b; a: the VM is on it",
		},
		"equal hosts go by name": {
			"a 16\nd 16\nc 16\nb 16\nx on a 4",
			"b c d; a: the VM is on it",
		},
		"memory to the last byte": {
			"a 16\nb 4\nx on a 4",
			"b; a: the VM is on it",
		},
		"no memory": {
			"a 16\nb 3\nx on a 4",
			"; a: the VM is on it; b: memory short",
		},
		"memory that something else than VMs has taken": {
			"a 16\nb 16 used=13\nx on a 4",
			"; a: the VM is on it; b: memory short",
		},
		"memory that VMs have not touched is theirs": {
			"a 16\nb 16\nx on a 4\ny on b 14 touched=1",
			"; a: the VM is on it; b: memory short",
		},
		"memory of a move under way is promised": {
			"a 16\nb 8\nx on a 4\ny on a 6 to=b",
			"; a: the VM is on it; b: memory short",
		},
		"memory of a move under way that has arrived counts once": {
			"a 16\nb 10\nx on a 4\ny on a 6 to=b arrived=5",
			"b; a: the VM is on it",
		},
		"a host that is over-promised already": {
			"a 16\nb 16\nc 5\nx on a 4\ny on b 12 touched=1\nz on b 12 touched=1",
			"c; a: the VM is on it; b: memory short",
		},
		"huge pages are apart from memory": {
			"a 16\nb 16 used=15 pages=2048:4096\nx on a 4 huge=2048",
			"b; a: the VM is on it",
		},
		"too few huge pages": {
			"a 16\nb 64 pages=2048:2047\nx on a 4 huge=2048",
			"; a: the VM is on it; b: huge pages short",
		},
		"huge pages of another size": {
			"a 16\nb 64 pages=1048576:4\nx on a 4 huge=2048",
			"; a: the VM is on it; b: huge pages short",
		},
		"huge pages of a gibibyte": {
			"a 16\nb 64 pages=1048576:4\nx on a 4 huge=1048576",
			"b; a: the VM is on it",
		},
		"huge pages of a move under way are promised": {
			"a 16\nb 64 pages=2048:2500\nx on a 4 huge=2048\ny on a 1 huge=2048 to=b",
			"; a: the VM is on it; b: huge pages short",
		},
		"huge pages of an incoming domain are taken already": {
			"a 16\nb 64 pages=2048:2048\nx on a 4 huge=2048\ny on a 4 huge=2048 to=b arrived=4",
			"b; a: the VM is on it",
		},
		"a VM with huge pages leaves memory alone": {
			"a 16\nb 8 pages=2048:0\nx on a 8\ny on b 16 huge=2048",
			"b; a: the VM is on it",
		},
		"too few CPUs": {
			"a 16 cpus=8\nb 64 cpus=2\nx on a 4 cpus=4",
			"; a: the VM is on it; b: too few CPUs",
		},
		"more CPUs than its own host has": {
			"a 16 cpus=2\nb 64 cpus=2\nx on a 4 cpus=4",
			"b; a: the VM is on it",
		},
		"busy CPUs": {
			"a 16\nb 16 load=7\nc 16\nx on a 4",
			"c b; a: the VM is on it",
		},
		"CPUs that are promised to many": {
			"a 16\nb 16\nc 16\nx on a 4\ny on b 1 cpus=8\nz on c 1 cpus=1",
			"c b; a: the VM is on it",
		},
		"what a busy VM brings along": {
			"a 16 load=4\nb 16 cpus=4\nc 16 cpus=16\nx on a 4 load=4",
			"c b; a: the VM is on it",
		},
		"memory weighs more than load": {
			"a 16\nb 16 load=2\nc 16 used=10\nx on a 4",
			"b c; a: the VM is on it",
		},
		"a link that is in use": {
			"a 16\nb 16 link=100 arriving=1\nc 16 link=100\nx on a 4",
			"c b; a: the VM is on it",
		},
		"a narrow link": {
			"a 16\nb 16 link=10\nc 16 link=100\nx on a 4",
			"c b; a: the VM is on it",
		},
		"a link without a limit": {
			"a 16\nb 16 link=10\nc 16\nd 16 link=100\nx on a 4",
			"c d b; a: the VM is on it",
		},
		"a cordoned host": {
			"a 16\nb 64 cordoned\nc 16\nx on a 4",
			"c; a: the VM is on it; b: cordoned",
		},
		"a host that does not answer": {
			"a 16\nb 64 silent\nc 16\nx on a 4",
			"c; a: the VM is on it; b: does not answer",
		},
		"a host that a check refuses": {
			"a 16\nb 64\nc 16\nx on a 4 refused=b",
			"c; a: the VM is on it; b: refused by a check",
		},
		"all hosts for a reason of their own": {
			"a 16\nb 64 silent\nc 16 cordoned\nd 2\ne 16\nf 16\ng 16 cpus=1\nx on a 4 cpus=2 refused=e group=db\ny on f 1 group=db",
			"; a: the VM is on it; b: does not answer; c: cordoned; d: memory short; e: refused by a check; " +
				"f: anti-affinity group; g: too few CPUs",
		},
		"the reason that is cured last binds": {
			"a 16\nb 2 cordoned\nc 2\nx on a 4 refused=b,c",
			"; a: the VM is on it; b: cordoned; c: refused by a check",
		},
		"a group keeps apart": {
			"a 16\nb 64\nc 16\nx on a 4 group=db\ny on b 1 group=db",
			"c; a: the VM is on it; b: anti-affinity group",
		},
		"another group does not": {
			"a 16\nb 64\nc 16\nx on a 4 group=db\ny on b 1 group=web",
			"b c; a: the VM is on it",
		},
		"a group keeps apart from those on their way": {
			"a 16\nb 64\nc 16\nx on a 4 group=db\ny on c 1 group=db to=b",
			"; a: the VM is on it; b: anti-affinity group; c: anti-affinity group",
		},
		"a group is kept where no host is left": {
			"a 16\nb 64\nx on a 4 group=db\ny on b 1 group=db",
			"; a: the VM is on it; b: anti-affinity group",
		},
		"a VM on its way goes where it is bound for": {
			"a 16\nb 4\nc 64\nx on a 4 to=b arrived=3",
			"b; a: on its way; c: on its way",
		},
		"a VM that cannot be moved": {
			"a 16\nb 64\nx on a 4 fixed",
			"; a: refused by a check; b: refused by a check",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, scene.world)
			choice := placement.Choose(w, named(t, w, "x"), names(w))
			if diff := cmp.Diff(scene.want, chosen(choice)); diff != "" {
				t.Errorf("choice (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChoiceAmongTheNamedOnly(t *testing.T) {
	t.Parallel()
	w := world(t, "a 16\nb 64\nc 16\nx on a 4")
	got := chosen(placement.Choose(w, named(t, w, "x"), []string{"c", "nowhere", "c"}))
	if want := "c; nowhere: unknown host"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChoiceTellsWhatItsScoreIsMadeOf(t *testing.T) {
	t.Parallel()
	w := world(t, "a 16\nb 16 cpus=4 load=1 link=100 arriving=1\nx on a 4 cpus=2 load=1\ny on b 4 cpus=2")
	best, ok := placement.Choose(w, named(t, w, "x"), []string{"b"}).Best()
	if !ok {
		t.Fatal("no host")
	}
	want := placement.Candidate{
		Host: "b",
		// 40 * 8/16 + 25 * 2/4 + 15 * 4/8 + 20 * 1/2
		Score: 50,
		Reasons: []placement.Reason{
			placement.MemoryLeft{Left: 8 * gib, Total: 16 * gib},
			placement.BusyCPUs{Busy: 2, CPUs: 4},
			placement.CPUsPromised{Promised: 4, CPUs: 4},
			placement.LinkShare{Share: 50 << 20, Moves: 1},
		},
	}
	if diff := cmp.Diff(want, best); diff != "" {
		t.Errorf("candidate (-want +got):\n%s", diff)
	}
}

func TestNoHostIsNoBest(t *testing.T) {
	t.Parallel()
	w := world(t, "a 16\nx on a 4")
	if best, ok := placement.Choose(w, named(t, w, "x"), nil).Best(); ok {
		t.Errorf("got %v", best)
	}
}
