//go:build lab

package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccMaintenance_interrupted interrupts a maintenance as it empties its host, and again as it brings the VMs back: it
// ends soon, says where all are, and the same apply goes on. It has the lab for itself.
func TestAccMaintenance_interrupted(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	slow, deaf := world.StartGuest(t, lab.GuestSpec{}), world.StartGuest(t, lab.GuestSpec{Bare: true})
	free := world.StartGuest(t, lab.GuestSpec{Bare: true})
	started := time.Now()
	noted(t, slow, `"bandwidth_mib_per_second":1`)
	noted(t, deaf, `"evacuation":"shut_down"`)
	w := newWorkspace(t, three(t)+ofKVM1(`destinations = ["kvm2"]`))
	log := w.logged(t)
	interrupt := func(from string, done ...string) result {
		t.Helper()
		r := w.start(t, apply...)
		eventually(t, 2*time.Minute, fmt.Sprintf("the guest moves, and %q is done", done), func() bool {
			r.mustRun(t)
			info, err := world.Host(from).Virsh(t.Context(), "domjobinfo", slow.Name)
			said := log()
			undone := func(line string) bool { return !strings.Contains(said, line) }
			return err == nil && strings.Contains(info, "Outgoing migration") && !slices.ContainsFunc(done, undone)
		})
		if from == "kvm1" && cliIsAtLeast("1.14.0") {
			found, warnings := newWorkspace(t, three(t)).query(t, listMoves)
			var said strings.Builder
			for _, f := range append(found, warnings...) {
				fmt.Fprintln(&said, f)
			}
			for _, want := range []string{
				slow.Name + ` on kvm1 \(host cordoned, evacuation [0-9a-f-]{36}, moved by the run `,
				deaf.Name + ` on kvm1 \(host cordoned, evacuation [0-9a-f-]{36}\)`,
			} {
				if !regexp.MustCompile(want).MatchString(said.String()) {
					t.Errorf("meanwhile a query finds no %s, but\n%s", want, &said)
				}
			}
		}
		interrupted := time.Now()
		r.signalGroup(t, syscall.SIGINT)
		got := r.wait(t, time.Minute)
		took := time.Since(interrupted)
		t.Logf("ended %s after the interrupt\n%s", took.Round(10*time.Millisecond), got)
		if got.code != 1 || took > 10*time.Second {
			t.Errorf("exit code %d after %s", got.code, took)
		}
		requireHome(t, slow, from, "running")
		return got
	}

	requireSaid(t, interrupt("kvm1", free.Name+": is on kvm2"), "Unable to Evacuate Host", "The evacuation of kvm1 was cancelled.", "was cancelled after", "VM "+slow.Name+" is running on kvm1",
		"The guest of VM "+deaf.Name+" on kvm1 was asked to shut down", "VM "+deaf.Name+" is running on kvm1",
		"This was done before that:", free.Name+" is on kvm2", "kvm1 stays cordoned: apply again to go on")
	kvm1.MustVirsh(t, "destroy", deaf.Name) // as its guest might yet have done
	noted(t, slow, `"max_downtime_ms":400`)
	on := w.must(t, 0, apply...)
	requireSaid(t, on, "Host Is Cordoned Already", "An evacuation of kvm1 had been begun already")
	requireEvacuated(t, w, map[*lab.Guest]string{free: "kvm2", slow: "kvm2"})
	if stopped, _ := w.attributes(t, kvm1Maintenance)["stopped"].(map[string]any); stopped[deaf.UUID] != "shut_down" {
		t.Errorf("stopped is %v", stopped)
	}

	noted(t, slow, `"bandwidth_mib_per_second":1`)
	w.write(t, three(t))
	requireSaid(t, interrupt("kvm2", free.Name+": is on kvm1", deaf.Name+": runs on kvm1 again"), "Unable to Bring VMs Back", "The return of VMs to kvm1 was cancelled.", "was cancelled after", "VM "+slow.Name+" is running on kvm2",
		"This was done before that:", free.Name+" is on kvm1", deaf.Name+" runs on kvm1 again", "kvm1 is open, and its record keeps the evacuation")
	noted(t, slow, `"max_downtime_ms":400`)
	w.must(t, 0, apply...)
	for _, guest := range []*lab.Guest{slow, deaf, free} {
		requireHome(t, guest, "kvm1", "running")
	}
	if record := hostRecord(t, kvm1, ownSecret); record != "" {
		t.Errorf("the host's record is %s", record)
	}
	requireSteadyPulse(t, slow, started, 10*time.Second)
}

// listMoves lists the VMs of the lab.
const listMoves = `
list "virt_vm_live_migration" "vms" {
  provider = virt
}
`
