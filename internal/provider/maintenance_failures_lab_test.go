//go:build lab

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// ofKVM1 is the maintenance of kvm1, with what is said besides.
func ofKVM1(more string) string {
	return fmt.Sprintf("resource \"virt_host_maintenance\" \"kvm1\" {\n  host = \"kvm1\"\n  reason = \"a new fan\"\n  %s\n}\n", more)
}

const kvm1Maintenance = "virt_host_maintenance.kvm1"

// noted gives a VM a policy of its own, as its record.
func noted(t *testing.T, guest *lab.Guest, fields string) {
	t.Helper()
	setVMRecord(t, testLab(t).Host(hostOf(t, guest.Name)), guest.Name, `{"version":1,`+fields+`}`, "live", "config")
}

// requireEvacuated wants the state of a maintenance to say that these VMs were moved, and that those remain.
func requireEvacuated(t *testing.T, w *workspace, moved map[*lab.Guest]string, remaining ...*lab.Guest) {
	t.Helper()
	state := w.attributes(t, kvm1Maintenance)
	want, remain := map[string]any{}, []string{}
	for guest, host := range moved {
		want[guest.UUID] = host
	}
	for _, guest := range remaining {
		remain = append(remain, guest.UUID)
	}
	slices.Sort(remain)
	got, _ := state["evacuated"].(map[string]any)
	if !maps.Equal(got, want) || fmt.Sprint(state["remaining"]) != fmt.Sprint(remain) {
		t.Errorf("the state says %v and %v, want %v and %v", got, state["remaining"], want, remain)
	}
}

// TestAccMaintenance_failures has a VM that has nowhere to go and one whose move fails in its midst. It empties a host, so
// it has the lab for itself.
func TestAccMaintenance_failures(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm3 := world.Host("kvm1"), world.Host("kvm3")
	plain := world.StartGuests(t, 2, typical())
	free, grouped := plain[0], plain[1]
	inTheWay := []*lab.Guest{world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"}), world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm3"})}
	slow := world.StartGuest(t, lab.GuestSpec{})
	for _, guest := range append(inTheWay, grouped) {
		noted(t, guest, `"anti_affinity_group":"db"`)
	}
	noted(t, slow, `"bandwidth_mib_per_second":1,"timeout":"4s"`)
	w := newWorkspace(t, three(t)+ofKVM1(""))

	// It stops before anything is begun.
	requireSaid(t, w.must(t, 0, "plan"), "could not leave: "+grouped.Name, "With on_failure = \"stop\" an apply begins nothing")
	refused := w.must(t, 1, apply...)
	requireSaid(t, refused, "Unable to Evacuate Host", "VM "+grouped.Name+" has nowhere to go", "Nothing was begun")
	requireHome(t, free, "kvm1", "running")
	if record := hostRecord(t, kvm1, ownSecret); record != "" || w.attributes(t, kvm1Maintenance) != nil {
		t.Errorf("something was begun: %s", record)
	}

	// Both hosts of a pair in one apply: no VM goes from one to the other, and both stay open.
	w.write(t, three(t)+ofKVM1(`destinations = ["kvm2"]`)+strings.NewReplacer("kvm1", "kvm2", "kvm2", "kvm1").Replace(ofKVM1(`destinations = ["kvm2"]`)))
	pair := w.must(t, 1, apply...)
	requireSaid(t, pair, "Nothing was begun: empty one host after the other")
	for guest, other := range map[*lab.Guest]string{free: "kvm2", inTheWay[0]: "kvm1"} {
		requireSaid(t, pair, fmt.Sprintf("VM %s has nowhere to go. What speaks against %s, which comes closest: in maintenance, or being emptied, by the same run", guest.Name, other))
	}
	requireHome(t, free, "kvm1", "running")
	requireHome(t, inTheWay[0], "kvm2", "running")
	if records := hostRecord(t, kvm1, ownSecret) + hostRecord(t, world.Host("kvm2"), ownSecret); records != "" {
		t.Errorf("something was begun: %s", records)
	}

	// It goes on with the others, to the hosts of a cluster.
	w.write(t, three(t)+ofKVM1("cluster = \"compute\"\n  on_failure = \"continue\""))
	requireSaid(t, w.must(t, 1, "plan"), "Unable to Plan Evacuation of Host", `No host that answers is in cluster "compute" besides kvm1`)
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm1, kvm3)
	went := w.must(t, 0, apply...)
	requireSaid(t, went, "Host Is Not Empty", "VM "+grouped.Name+" has nowhere to go", slow.Name, "had not finished after 4s", "VM "+slow.Name+" is running on kvm1")
	requireNotSaid(t, went, "With on_failure = \"stop\"")
	requireHome(t, free, "kvm3", "running")
	requireHome(t, grouped, "kvm1", "running")
	requireHome(t, slow, "kvm1", "running")
	requireEvacuated(t, w, map[*lab.Guest]string{free: "kvm3"}, grouped, slow)
	again := w.must(t, 2, "plan", "-detailed-exitcode")
	requireSaid(t, again, slow.Name+" was to move to kvm3", "could not leave: "+grouped.Name, "1 to change")
	w.must(t, 0, "destroy", "-auto-approve")
	requireHome(t, free, "kvm1", "running")

	// It stops once a move has failed.
	noted(t, grouped, `"max_downtime_ms":400`)
	w.write(t, three(t)+ofKVM1(""))
	stopped := w.must(t, 1, apply...)
	requireSaid(t, stopped, "Unable to Evacuate Host", "had not finished after 4s", "VM "+slow.Name+" is running on kvm1",
		"This was done before that:", free.Name+" is on kvm", grouped.Name+" is on kvm", "kvm1 stays cordoned: apply again to go on")
	requireHome(t, slow, "kvm1", "running")
	if w.attributes(t, kvm1Maintenance) != nil {
		t.Error("it is in state")
	}
	moved := map[*lab.Guest]string{free: hostOf(t, free.Name), grouped: hostOf(t, grouped.Name)}
	if moved[free] == "kvm1" || moved[grouped] == "kvm1" {
		t.Errorf("they are on %v", moved)
	}

	// An import finds what was done, and nothing is left to be planned.
	noted(t, slow, `"evacuation":"stay"`)
	w.must(t, 0, "import", "-input=false", kvm1Maintenance, "kvm1")
	requireEvacuated(t, w, moved, slow)
	w.unchanged(t)
	w.must(t, 0, "destroy", "-auto-approve")
	for _, guest := range []*lab.Guest{free, grouped, slow} {
		requireHome(t, guest, "kvm1", "running")
	}
	if record := hostRecord(t, kvm1, ownSecret); record != "" {
		t.Errorf("the host's record is %s", record)
	}
}
