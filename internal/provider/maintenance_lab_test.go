//go:build lab

package provider_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// maintenance puts kvm1 into maintenance.
const maintenance = `
resource "virt_host_maintenance" "kvm1" {
  host   = "kvm1"
  reason = "a new fan"
}
`

// placed has a VM on kvm1.
func placed(guest *lab.Guest) string {
	return fmt.Sprintf(`
resource "virt_vm_live_migration" "placed" {
  vm          = %q
  destination = "kvm1"
}
`, guest.Name)
}

// vmPolicies give VMs policies of their own, by their names.
func vmPolicies(fields map[*lab.Guest]string) string {
	var text strings.Builder
	for guest, field := range fields {
		fmt.Fprintf(&text, "resource \"virt_vm_migration_policy\" %[1]q {\n  vm = %[1]q\n  %[2]s\n}\n", guest.Name, field)
	}
	return text.String()
}

// TestAccMaintenance empties a host as the policies of its VMs say, keeps VMs from it, and brings all back. It empties a
// host, so it has the lab for itself.
func TestAccMaintenance(t *testing.T) {
	world := testLab(t)
	guests := world.StartGuests(t, 4, typical())
	beside := world.StartGuest(t, lab.GuestSpec{Host: "kvm2", Bare: true})
	late := world.StartGuest(t, lab.GuestSpec{Host: "kvm2", Bare: true})
	free, saved, stays, grouped := guests[0], guests[1], guests[2], guests[3]
	obeys := world.StartGuest(t, lab.GuestSpec{Obeys: true})
	config := three(t) + placed(free) + vmPolicies(map[*lab.Guest]string{
		saved: `evacuation = "managed_save"`, stays: `evacuation = "stay"`,
		obeys: `evacuation = "shut_down"`, grouped: `anti_affinity_group = "db"`, beside: `anti_affinity_group = "db"`,
	})
	w := newWorkspace(t, config)
	w.must(t, 0, apply...)

	w.write(t, config+maintenance)
	plan := w.must(t, 2, "plan", "-detailed-exitcode", "-out=saved")
	requireSaid(t, plan, "VMs Leave Host", free.Name+" was to move to kvm", grouped.Name+" was to move to kvm3: ", "memory left",
		saved.Name+" was to be saved on its host, as its policy says", obeys.Name+" was to be shut down, as its policy says", stays.Name+" was to stay, as its policy says")
	w.must(t, 0, "apply", "saved")
	if on := hostOf(t, free.Name); on == "kvm1" {
		t.Error("the host was not emptied")
	}
	requireHome(t, grouped, "kvm3", "running")
	requireHome(t, saved, "kvm1", "shut off")
	requireHome(t, obeys, "kvm1", "shut off")
	requireHome(t, stays, "kvm1", "running")
	state := w.attributes(t, "virt_host_maintenance.kvm1")
	if evacuated, _ := state["evacuated"].(map[string]any); len(evacuated) != 2 || evacuated[grouped.UUID] != "kvm3" {
		t.Errorf("evacuated is %v", state["evacuated"])
	}
	stopped := map[string]any{saved.UUID: "managed_save", obeys.UUID: "shut_down"}
	if fmt.Sprint(state["stopped"], state["remaining"], state["cordoned"]) != fmt.Sprintf("%v [%s] true", stopped, stays.UUID) {
		t.Errorf("the state is %v", state)
	}

	// The VM that is wanted on the host stays where it is until the host is open; a new move to it is an error.
	requireSaid(t, w.must(t, 0, "plan", "-detailed-exitcode"), "Destination Is Cordoned", "VM "+free.Name+" was on kvm", "was cordoned (a new fan)")
	refused := newWorkspace(t, three(t)+placed(grouped))
	if got := refused.must(t, 1, "plan"); !sayingAll("kvm1 is cordoned since", "a new fan", "secret-undefine 6d696772-6174-4e00-8000-686f73740000").MatchString(got.stderr) {
		t.Errorf("a new move to the host: %s", got)
	}
	// A VM that is started on the host moves, too.
	moveByVirsh(t, late, "kvm2", "kvm1")
	again := w.must(t, 0, apply...)
	requireSaid(t, again, late.Name+" was to move to kvm", "1 changed")
	if on := hostOf(t, late.Name); on == "kvm1" {
		t.Error("the VM that came by hand is still there")
	}

	w.write(t, config)
	requireSaid(t, w.must(t, 2, "plan", "-detailed-exitcode"), "VMs Come Back to Host", grouped.Name+" was to move back from kvm3", saved.Name+" was to start again", obeys.Name+" was to start again")
	requireNotSaid(t, w.must(t, 0, apply...), "VMs Are Not Back")
	for _, guest := range append(guests, obeys) {
		requireHome(t, guest, "kvm1", "running")
	}
	if _, err := world.Host("kvm1").Virsh(t.Context(), "secret-dumpxml", "6d696772-6174-4e00-8000-686f73740000"); err == nil {
		t.Error("the host's record is still there")
	}
	w.write(t, three(t))
	w.must(t, 0, apply...)
}

// evacuationMoves are the moves of a guest away from a host that were completed, by its history.
func evacuationMoves(t *testing.T, guest *lab.Guest, from string) (ids []string) {
	t.Helper()
	text := testLab(t).Host(hostOf(t, guest.Name)).MustVirsh(t, "metadata", guest.Name, "urn:virt:migration-history:1")
	document := regexp.MustCompile(`(?s)\{.*\}`).FindString(strings.NewReplacer("&quot;", `"`, "&amp;", "&").Replace(text))
	var history struct {
		Migrations []struct {
			From       struct{ Label string }
			Outcome    string
			Evacuation string
		}
	}
	if err := json.Unmarshal([]byte(document), &history); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, move := range history.Migrations {
		if move.From.Label == from && move.Outcome == "completed" {
			ids = append(ids, move.Evacuation)
		}
	}
	return ids
}

// TestAccMaintenance_killed kills Terraform and the provider in mid-evacuation, and again while the VMs come back: the same
// apply goes on. No VM is lost, runs twice, or is moved twice.
func TestAccMaintenance_killed(t *testing.T) {
	world := testLab(t)
	guests := world.StartGuests(t, 4, lab.GuestSpec{})
	started := time.Now()
	slow := map[*lab.Guest]string{}
	for _, guest := range guests {
		slow[guest] = "bandwidth_mib_per_second = 8"
	}
	config := three(t) + vmPolicies(slow)
	w := newWorkspace(t, config)
	w.must(t, 0, apply...)
	under := func(host string) func() bool {
		return func() bool {
			return slices.ContainsFunc(guests, func(g *lab.Guest) bool {
				info, err := world.Host(host).Virsh(t.Context(), "domjobinfo", g.Name)
				return err == nil && strings.Contains(info, "Outgoing migration")
			})
		}
	}
	kill := func(moving func() bool) {
		t.Helper()
		r := w.start(t, apply...)
		eventually(t, time.Minute, "a guest moves", moving)
		r.signalGroup(t, syscall.SIGKILL)
		r.wait(t, 20*time.Second)
	}

	w.write(t, config+maintenance)
	kill(under("kvm1"))
	requireSaid(t, w.must(t, 0, "plan", "-input=false"), "An evacuation of kvm1 had been begun already")
	w.must(t, 0, apply...)
	ids := map[string]bool{}
	for _, guest := range guests {
		if on := hostOf(t, guest.Name); on == "kvm1" {
			t.Errorf("%s is still on kvm1", guest.Name)
		}
		moves := evacuationMoves(t, guest, "kvm1")
		if len(moves) != 1 || moves[0] == "" {
			t.Errorf("%s was moved from kvm1 by the evacuations %q, want one", guest.Name, moves)
			continue
		}
		ids[moves[0]] = true
	}
	if len(ids) != 1 {
		t.Errorf("the evacuations are %v, want one", ids)
	}

	w.write(t, config)
	kill(func() bool { return under("kvm2")() || under("kvm3")() })
	w.must(t, 0, apply...)
	for _, guest := range guests {
		requireHome(t, guest, "kvm1", "running")
		requireSteadyPulse(t, guest, started, 5*time.Second)
	}
	w.write(t, three(t))
	w.must(t, 0, apply...)
}
