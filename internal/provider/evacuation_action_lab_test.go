//go:build lab

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// emptiedFirst is a host whose work waits until it is empty; work is a command, and of what it is about.
const emptiedFirst = `
action "virt_host_evacuation" "kvm1" {
  config {
    host         = "kvm1"
    destinations = ["kvm3"]
  }
}

resource "terraform_data" "kvm1" {
  input            = {{ printf "%q" .Input }}
  triggers_replace = {{ printf "%q" .Release }}

  provisioner "local-exec" {
    command = {{ printf "%q" .Work }}
  }
  lifecycle {
    action_trigger {
      events  = [before_create, before_update]
      actions = [action.virt_host_evacuation.kvm1]
    }
  }
}
`

type emptiedFirstData struct{ Input, Release, Work string }

var invokeEvacuation = []string{"apply", "-auto-approve", "-input=false", "-invoke=action.virt_host_evacuation.kvm1"}

// TestAccEvacuation empties a host by an action: invoked, and before a resource is created and updated. It has the lab for
// itself.
func TestAccEvacuation(t *testing.T) {
	needActions(t)
	withoutHostRecords(t)
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	guests := world.StartGuests(t, 2, typical())
	free, saved := guests[0], guests[1]
	noted(t, saved, `"evacuation":"managed_save"`)
	ran := filepath.Join(t.TempDir(), "ran")
	of := func(input, release string) string {
		return labProvider(t, "kvm1", "kvm2", "kvm3").with(t, emptiedFirst, emptiedFirstData{
			input, release, fmt.Sprintf("virsh -q -c '%s' list --name >%s", kvm1.SocketURI, ran),
		})
	}
	w := newWorkspace(t, of("a", "1"))
	back := func() {
		t.Helper()
		moveByVirsh(t, free, "kvm3", "kvm1")
	}

	// Invoked: nothing else is done, and the host is open.
	r := w.must(t, 0, invokeEvacuation...)
	t.Log(r)
	requireSaid(t, r, "VMs Leave Host", free.Name+" was to move to kvm3")
	lines := progressLines(r.stdout)
	for _, want := range []string{free.Name + ": is on kvm3", saved.Name + ": is saved on its host", "kvm1: 1 VMs moved, 1 stopped, 0 remain (1 on kvm3)"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line says %q: %q", want, lines)
		}
	}
	requireHome(t, free, "kvm3", "running")
	requireHome(t, saved, "kvm1", "shut off")
	if record := hostRecord(t, kvm1, ownSecret); record != "" {
		t.Errorf("the host's record is %s", record)
	}
	requireSaid(t, w.must(t, 0, invokeEvacuation...), "kvm1: 0 VMs moved, 0 stopped, 0 remain")

	// Before a create: the host is empty when the work is done.
	back()
	created := w.must(t, 0, apply...)
	t.Log(created)
	requireHome(t, free, "kvm3", "running")
	if running := readText(t, ran); strings.TrimSpace(running) != "" {
		t.Errorf("while the work was done, these ran: %s", running)
	}

	// Before an update, and where it fails there is none.
	back()
	inTheWay := world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm3"})
	noted(t, inTheWay, `"anti_affinity_group":"db"`)
	noted(t, free, `"anti_affinity_group":"db"`)
	if err := os.Remove(ran); err != nil {
		t.Fatal(err)
	}
	for _, config := range []string{of("b", "1"), of("a", "2")} {
		w.write(t, config)
		failed := w.must(t, 1, apply...)
		t.Log(failed)
		requireSaid(t, failed, "Unable to Evacuate Host", "VM "+free.Name+" has nowhere to go", "Nothing was begun")
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the work was done")
	}
	noted(t, free, `"max_downtime_ms":400`)
	w.write(t, of("b", "1"))
	w.must(t, 0, apply...)
	requireHome(t, free, "kvm3", "running")
	w.must(t, 0, "destroy", "-auto-approve")
}
