//go:build lab

package lab_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// memoryOf is what a host's libvirtd says of its memory, in MiB.
func memoryOf(t *testing.T, h *lab.Host) (total, free int) {
	t.Helper()
	said := h.MustVirsh(t, "nodememstats")
	of := func(name string) int {
		found := regexp.MustCompile(name + `\s*:\s*(\d+) KiB`).FindStringSubmatch(said)
		if found == nil {
			t.Fatalf("it says nothing of %s: %s", name, said)
		}
		kib, err := strconv.Atoi(found[1])
		must(t, err)
		return kib >> 10
	}
	return of("total"), of("free")
}

// A host with memory of its own has what its QEMUs leave of it, until that ends.
func TestLimitMemory(t *testing.T) {
	world := current(t)
	host := world.Hosts[0]
	machine, _ := memoryOf(t, host)
	const own = 1024
	stop, err := world.LimitMemory(t.Context(), map[string]int{host.Name: own})
	must(t, err)
	if total, free := memoryOf(t, host); total != own || free != own {
		t.Errorf("it has %d MiB, and %d MiB are free", total, free)
	}
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	qemu := guest.Processes()[0]
	eventually(t, "what a QEMU holds is not free", func() bool { // the figures are late, and a QEMU that has just begun takes more
		held := int(qemu.Resident() >> 20)
		_, free := memoryOf(t, host)
		return held >= 8 && free >= own-2*held && free <= own-held/2
	})
	must(t, stop())
	if total, _ := memoryOf(t, host); total != machine {
		t.Errorf("afterwards it has %d MiB, want %d", total, machine)
	}
}
