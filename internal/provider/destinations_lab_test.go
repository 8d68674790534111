//go:build lab

package provider_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// three is a provider configuration with all three hosts of the lab.
func three(t *testing.T) string {
	t.Helper()
	return labProvider(t, "kvm1", "kvm2", "kvm3").String()
}

// openPlacement has a VM on any host that Where allows.
func openPlacement(t *testing.T, guest *lab.Guest, where string) string {
	t.Helper()
	return three(t) + fmt.Sprintf(`
resource "virt_vm_live_migration" "vm" {
  vm = %q
  %s
}
`, guest.Name, where)
}

// withOwnMemory gives the hosts that are chosen from as much memory of their own until the test ends. What VMs take of it
// decides then, and not how busy the machine seems, which is the same one under all hosts, when each of them is asked.
func withOwnMemory(t *testing.T, mib int) {
	t.Helper()
	giveBack, err := testLab(t).LimitMemory(t.Context(), map[string]int{"kvm2": mib, "kvm3": mib})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := giveBack(); err != nil {
			t.Error(err)
		}
	})
}

// wouldChoose is the title of the warning that names the host which would be chosen.
const wouldChoose = "Destination Is Chosen in the Apply"

// TestAccDestinations has a VM on any of several hosts: it stays where it is allowed to be, goes to the host that
// has more room, and moves by hand are differences only where they lead elsewhere. It counts the VMs of hosts, so it
// has the lab for itself.
func TestAccDestinations(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	withOwnMemory(t, 2048)
	world.StartGuests(t, 2, lab.GuestSpec{Host: "kvm2", Bare: true, MemoryMiB: 512})
	w := newWorkspace(t, openPlacement(t, guest, `destinations = ["kvm1", "kvm2"]`))

	// It is on one of them: nothing moves.
	plan := w.must(t, 2, "plan", "-detailed-exitcode", "-out=saved")
	requireNotSaid(t, plan, wouldChoose)
	w.must(t, 0, "apply", "saved")
	requireHome(t, guest, "kvm1", "running")
	if state := w.attributes(t, placement); state["destination"] != "kvm1" || state["source"] != nil || state["last_migration"] != nil {
		t.Errorf("the state of a VM that stays is %v", state)
	}
	w.unchanged(t)

	// Now it has to leave, and kvm3 has more room than kvm2.
	w.write(t, openPlacement(t, guest, `destinations = ["kvm2", "kvm3"]`))
	plan = w.must(t, 2, "plan", "-detailed-exitcode", "-out=saved")
	requireSaid(t, plan, wouldChoose, "When this plan was made, VM "+guest.Name+" was running on kvm1, and its move would have gone to kvm3 (score",
		"memory left", "before kvm2 (score", `write destination = "kvm3" instead`, `~ destination = "kvm1" -> (known after apply)`, `+ source = "kvm1"`)
	w.must(t, 0, "apply", "saved")
	requireHome(t, guest, "kvm3", "running")
	if state := w.attributes(t, placement); state["destination"] != "kvm3" || state["source"] != "kvm1" {
		t.Errorf("the state of a VM that has moved is %v", state)
	}
	w.unchanged(t)

	// Another allowed host is as good, and another policy moves nothing.
	moveByVirsh(t, guest, "kvm3", "kvm2")
	w.must(t, 0, "plan", "-detailed-exitcode")
	w.write(t, openPlacement(t, guest, "destinations = [\"kvm2\", \"kvm3\"]\nmax_downtime_ms = 400"))
	requireSaid(t, w.must(t, 0, apply...), "1 changed")
	requireHome(t, guest, "kvm2", "running")
	if state := w.attributes(t, placement); state["destination"] != "kvm2" {
		t.Errorf("the state of a VM that was moved by hand is %v", state)
	}

	// Any other host is not.
	moveByVirsh(t, guest, "kvm2", "kvm1")
	requireSaid(t, w.must(t, 0, apply...), wouldChoose, `~ destination = "kvm1" -> (known after apply)`, "1 changed")
	requireHome(t, guest, "kvm3", "running")

	// To pin the host that it is on changes nothing but the configuration, and so does to open it again.
	for _, where := range []string{`destination = "kvm3"`, `destinations = ["kvm1", "kvm3"]`} {
		w.write(t, openPlacement(t, guest, where))
		requireNotSaid(t, w.must(t, 0, apply...), wouldChoose, "known after apply")
		requireHome(t, guest, "kvm3", "running")
		w.unchanged(t)
	}

	// While the hosts on which it is wanted are cordoned, as when one of them was emptied, nothing is planned.
	const ownRecord = "6d696772-6174-4e00-8000-686f73740000"
	closed := []*lab.Host{world.Host("kvm1"), world.Host("kvm3")}
	t.Cleanup(func() {
		for _, host := range closed { // they are open already where the test has passed
			ctx, cancel := contextAfter(t, time.Minute)
			_, _ = host.Virsh(ctx, "secret-undefine", ownRecord)
			cancel()
		}
	})
	moveByVirsh(t, guest, "kvm3", "kvm2")
	setHostRecord(t, ownRecord, `{"version":1,"cordoned":true}`, closed...)
	requireSaid(t, w.must(t, 0, "plan", "-detailed-exitcode"), "Destination Is Cordoned", "none of the hosts that its resource allows could take it")
	removeHostRecord(t, ownRecord, closed...)
	requireSaid(t, w.must(t, 2, "plan", "-detailed-exitcode"), wouldChoose)

	w.write(t, three(t))
	w.must(t, 0, apply...)
	requireHome(t, guest, "kvm2", "running")
}

// TestAccDestinations_notAllOnOneHost moves four VMs at once: each choice counts those that were made before it.
func TestAccDestinations_notAllOnOneHost(t *testing.T) {
	world := testLab(t)
	withOwnMemory(t, 2048)
	guests := world.StartGuests(t, 4, lab.GuestSpec{Bare: true, MemoryMiB: 512})
	var names []string
	for _, guest := range guests {
		names = append(names, fmt.Sprintf("%q", guest.Name))
	}
	w := newWorkspace(t, three(t)+fmt.Sprintf(`
resource "virt_vm_live_migration" "vm" {
  for_each     = toset([%s])
  vm           = each.key
  destinations = ["kvm2", "kvm3"]
}
`, strings.Join(names, ", ")))
	w.must(t, 0, apply...)
	on := map[string]int{}
	for _, guest := range guests {
		on[hostOf(t, guest.Name)]++
	}
	if on["kvm2"] != 2 || on["kvm3"] != 2 {
		t.Errorf("the VMs are on %v", on)
	}
	w.unchanged(t)
}

// TestAccDestinations_none is refused by the plan, with what speaks against each host.
func TestAccDestinations_none(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	for name, test := range map[string]struct {
		where string
		want  []string
	}{
		"nothing fits": {
			"destinations = [\"kvm2\", \"kvm3\"]\ndestination_changes {\n  emulator = \"/usr/bin/no-qemu\"\n}",
			[]string{"Unable to Choose Destination", "No host of destinations can take VM " + guest.Name, "kvm2: ", "no-qemu", "kvm3: ", "no-qemu", "VM " + guest.Name + " is running on kvm1"},
		},
		"a host that there is not": {`destinations = ["kvm2", "kvm9"]`, []string{"Invalid Host", `has no host "kvm9"`}},
		"two answers": {
			"destination = \"kvm2\"\ndestinations = [\"kvm2\"]",
			[]string{"Invalid Destination", "this one has destination and destinations"},
		},
		"no answer": {"", []string{"Invalid Destination", "A move needs one of destination"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, openPlacement(t, guest, test.where))
			if r := w.must(t, 1, "plan"); !sayingAll(test.want...).MatchString(r.stderr) {
				t.Errorf("it does not say %q: %s", test.want, r)
			}
		})
	}
	requireHome(t, guest, "kvm1", "running")
}

// TestAccDestinations_cluster has a VM in a cluster whose policy the same apply makes, and that changes its hosts.
func TestAccDestinations_cluster(t *testing.T) {
	withoutHostRecords(t)
	guest := testLab(t).StartGuest(t, typical())
	clustered := func(hosts string) string {
		return openPlacement(t, guest, "cluster = virt_cluster_migration_policy.compute.name") + fmt.Sprintf(`
resource "virt_cluster_migration_policy" "compute" {
  name            = "compute"
  hosts           = [%s]
  max_downtime_ms = 400
}
`, hosts)
	}
	// Nobody is in a cluster yet that no resource makes: the plan only warns.
	w := newWorkspace(t, openPlacement(t, guest, `cluster = "compute"`))
	requireSaid(t, w.must(t, 0, "plan"), "Cluster Not Found", `no host had a record of cluster "compute"`)
	requireSaid(t, w.must(t, 1, apply...), "Unable to Choose Destination", `No host that answered has a record of cluster "compute"`, "VM "+guest.Name+" is running on kvm1")

	// The plan sees the cluster coming.
	w.write(t, clustered(`"kvm3"`))
	plan := w.must(t, 2, "plan", "-detailed-exitcode", "-out=saved")
	requireSaid(t, plan, wouldChoose, "would have gone to kvm3")
	requireNotSaid(t, plan, "Cluster Not Found")
	w.must(t, 0, "apply", "saved")
	requireHome(t, guest, "kvm3", "running")
	w.unchanged(t)

	// Another host of it is as good.
	w.write(t, clustered(`"kvm2", "kvm3"`))
	w.must(t, 0, apply...)
	moveByVirsh(t, guest, "kvm3", "kvm2")
	w.must(t, 0, "plan", "-detailed-exitcode")

	// Its host leaves the cluster, and it moves on.
	w.write(t, clustered(`"kvm3"`))
	requireSaid(t, w.must(t, 2, "plan", "-detailed-exitcode", "-out=saved"), wouldChoose, "would have gone to kvm3")
	w.must(t, 0, "apply", "saved")
	requireHome(t, guest, "kvm3", "running")
	w.unchanged(t)
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccDestinations_action chooses when it is invoked, and leaves a VM alone that is on one of the hosts.
func TestAccDestinations_action(t *testing.T) {
	needActions(t)
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	withOwnMemory(t, 2048)
	world.StartGuests(t, 2, lab.GuestSpec{Host: "kvm2", Bare: true, MemoryMiB: 512})
	w := newWorkspace(t, three(t)+fmt.Sprintf(`
action "virt_vm_live_migration" "move" {
  config {
    vm           = %q
    destinations = ["kvm2", "kvm3"]

    bandwidth_mib_per_second = 10
  }
}
`, guest.Name))
	reports := reportsOf(t, w)
	r := w.must(t, 0, invoke...)
	requireSaid(t, r, wouldChoose, "would have gone to kvm3")
	lines := progressLines(r.stdout)
	if chosen := "VM " + guest.Name + " goes to kvm3: score "; !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, chosen) }) {
		t.Errorf("no line says %q: %q", chosen, lines)
	}
	requireHome(t, guest, "kvm3", "running")
	requireReport(t, reports, guest, "completed")
	if found, err := filepath.Glob(filepath.Join(reports, "*.json")); err != nil || !strings.Contains(readText(t, found[0]), `"event": "chosen"`) {
		t.Errorf("the report does not say that the host was chosen: %v", err)
	}
	if entry := lastMove(t, guest, "kvm3"); entry.To.Label != "kvm3" {
		t.Errorf("the history says %v", entry.To)
	}
	r = w.must(t, 0, invoke...)
	requireSaid(t, r, "VM "+guest.Name+" is running on kvm3 already: nothing to move")
	requireNotSaid(t, r, wouldChoose)
}
