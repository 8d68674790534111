//go:build lab

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// standingOfKVM1 is what lists say of a host in maintenance.
const standingOfKVM1 = `
data "virt_hosts" "kvm1" {
  names = ["kvm1"]
}

data "virt_vms" "kvm1" {
  hosts = ["kvm1"]
}

output "standing" {
  value = join(" ", [
    data.virt_hosts.kvm1.hosts[0].cordoned, data.virt_hosts.kvm1.hosts[0].cordon_reason,
    data.virt_hosts.kvm1.hosts[0].evacuation, length(data.virt_hosts.kvm1.hosts[0].leases),
    join(",", [for vm in data.virt_vms.kvm1.vms : "${vm.name} ${vm.host_cordoned} ${vm.evacuation}"]),
  ])
}
`

// TestAccMaintenance_drift has a host in maintenance that others change: a second state, a person, another label. It has
// the lab for itself.
func TestAccMaintenance_drift(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	guests := world.StartGuests(t, 2, typical())
	stays, free := guests[0], guests[1]
	noted(t, stays, `"evacuation":"stay"`)
	config := three(t) + ofKVM1(`destinations = ["kvm2"]`)
	w := newWorkspace(t, config)
	w.must(t, 0, apply...)
	requireEvacuated(t, w, map[*lab.Guest]string{free: "kvm2"}, stays)

	// A list of hosts and of VMs shows it.
	lists := newWorkspace(t, three(t)+standingOfKVM1)
	lists.must(t, 0, apply...)
	said := strings.Fields(strings.Trim(lists.must(t, 0, "output", "standing").stdout, "\"\n"))
	if want := fmt.Sprintf("true a new fan %[1]s 0 %[2]s true %[1]s", said[4], stays.Name); strings.Join(said, " ") != want || len(said[4]) != 36 {
		t.Errorf("lists say %q, want %q", said, want)
	}

	// A second state shares it, as its plan says: its destruction brings the VMs back.
	second := newWorkspace(t, config)
	shared := second.must(t, 0, apply...)
	requireSaid(t, shared, "Host Is Cordoned Already", "kvm1 was cordoned since", "(a new fan)", "both are of one maintenance", "opens the host and brings the VMs back for both")
	requireEvacuated(t, second, map[*lab.Guest]string{free: "kvm2"}, stays)
	w.unchanged(t)

	// Another mainboard gives the host another host UUID. It is known by its own record, and its VMs come back.
	itsOwn := mainboard(t, kvm1, "6c616200-0000-4000-8000-0000000000ff")
	second.must(t, 0, "plan", "-detailed-exitcode")
	second.must(t, 0, "destroy", "-auto-approve")
	requireHome(t, free, "kvm1", "running")
	if record := hostRecord(t, kvm1, ownSecret); record != "" {
		t.Errorf("the host's record is %s", record)
	}
	itsOwn()
	gone := w.must(t, 0, "plan", "-refresh-only")
	requireSaid(t, gone, "virt_host_maintenance.kvm1 has been deleted")

	// It is made again; a VM that somebody moves back is drift, and leaves once more.
	w.must(t, 0, apply...)
	requireEvacuated(t, w, map[*lab.Guest]string{free: "kvm2"}, stays)
	moveByVirsh(t, free, "kvm2", "kvm1")
	w.terraform(t, "plan", "-refresh-only", "-out=moved")
	if drift := w.drift(t, "moved"); !slices.Contains(drift[kvm1Maintenance], "remaining") {
		t.Errorf("the drift is %v", drift)
	}
	back := w.must(t, 2, "plan", "-detailed-exitcode")
	requireSaid(t, back, free.Name+" was to move to kvm2", "1 to change")
	w.must(t, 0, apply...)
	requireEvacuated(t, w, map[*lab.Guest]string{free: "kvm2"}, stays)

	// A person opens it: it is cordoned again, and no VM is moved for that.
	kvm1.MustVirsh(t, "secret-undefine", ownSecret)
	w.must(t, 0, apply...)
	requireEvacuated(t, w, map[*lab.Guest]string{}, stays)
	moveByVirsh(t, free, "kvm2", "kvm1")
	w.must(t, 0, apply...)

	// Another label moves nothing, and a destroy without a refresh opens this host, not the one that has its old label.
	block := labProvider(t, "kvm1", "kvm2", "kvm3")
	renamed := providerBlock{Limit: block.Limit, Hosts: map[string]hostBlock{"node1": block.Hosts["kvm1"], "kvm1": block.Hosts["kvm2"], "kvm3": block.Hosts["kvm3"]}}
	w.write(t, renamed.String()+strings.ReplaceAll(ofKVM1(`destinations = ["kvm1"]`), `host = "kvm1"`, `host = "node1"`))
	label := w.must(t, 2, "plan", "-detailed-exitcode")
	requireSaid(t, label, `Host "kvm1" is now called "node1"`, "1 to change")
	requireNotSaid(t, label, "must be replaced", "was to move")
	w.must(t, 0, "destroy", "-auto-approve", "-refresh=false")
	requireHome(t, free, "kvm1", "running")
	requireHome(t, stays, "kvm1", "running")
	if record := hostRecord(t, kvm1, ownSecret); record != "" {
		t.Errorf("the host's record is %s", record)
	}

	// A host that the configuration no longer has keeps its maintenance.
	w.write(t, config)
	w.must(t, 0, apply...)
	delete(block.Hosts, "kvm1")
	w.write(t, block.String())
	left := w.must(t, 0, apply...)
	requireSaid(t, left, "Maintenance Left on Former Host", `"kvm1"`, "1 destroyed")
	requireHome(t, free, "kvm2", "running")
	if record := hostRecord(t, kvm1, ownSecret); record == "" {
		t.Error("the host has no record")
	}
}

// mainboard gives a host another host UUID, as a new mainboard does, until back is called or the test ends.
func mainboard(t *testing.T, h *lab.Host, uuid string) (back func()) {
	t.Helper()
	file := filepath.Join(h.Directory, "etc", "libvirtd.conf")
	settings, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	start := func(settings string) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := errors.Join(os.WriteFile(file, []byte(settings), 0o644), h.Restart(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	back = sync.OnceFunc(func() { start(string(settings)) })
	t.Cleanup(back)
	start(strings.Replace(string(settings), h.UUID, uuid, 1))
	return back
}
