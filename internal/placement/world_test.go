package placement_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

const gib = 1 << 30

// finding is what a check has found, in a scenario.
type finding string

func (f finding) String() string { return string(f) }

// world reads a world from lines. A host is a name and its GiB, then words such as cordoned, silent, cpus=8, load=2,
// link=100 (MiB/s), used=3 (GiB that no VM has), pages=2048:1000 (KiB: free pages), arriving=1. A VM is a name, "on" a
// host and its GiB, then cpus=2, load=1, group=web, huge=2048 (KiB), touched=1 (GiB), to=b, arrived=1 (GiB),
// refused=b,c, fixed, lasts=10 (seconds). What a VM has touched of its host is not available there.
func world(t testing.TB, text string) placement.World {
	t.Helper()
	var w placement.World
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case len(words) > 3 && words[1] == "on":
			w.VMs = append(w.VMs, vm(t, words))
		default:
			w.Hosts = append(w.Hosts, host(t, words))
		}
	}
	for _, vm := range w.VMs {
		for i := range w.Hosts {
			if h := &w.Hosts[i]; vm.HugePageKiB == 0 {
				switch h.Name {
				case vm.Host:
					h.Available -= vm.Resident
				case vm.BoundFor:
					h.Available -= vm.Arrived
				}
			}
		}
	}
	return w
}

func host(t testing.TB, words []string) placement.Host {
	t.Helper()
	total := number(t, words[1])
	h := placement.Host{Name: words[0], Memory: total * gib, Available: total * gib, CPUs: 8}
	for _, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "cordoned":
			h.Cordoned = true
		case "emptied":
			h.Emptied = true
		case "silent":
			h = placement.Host{Name: h.Name, Silent: true}
		case "cpus":
			h.CPUs = int(number(t, value))
		case "load":
			h.Load = float64(number(t, value))
		case "link":
			h.Link = number(t, value) << 20
		case "used":
			h.Available -= number(t, value) * gib
		case "arriving":
			h.Arriving = int(number(t, value))
		case "pages":
			size, free, _ := strings.Cut(value, ":")
			h.HugePages = map[uint64]placement.HugePages{
				number(t, size): {Total: number(t, free), Free: number(t, free)},
			}
		default:
			t.Fatalf("host %s: what is %q?", h.Name, word)
		}
	}
	return h
}

func vm(t testing.TB, words []string) placement.VM {
	t.Helper()
	memory := number(t, words[3]) * gib
	vm := placement.VM{
		UUID: "uuid-" + words[0], Name: words[0], Host: words[2], Memory: memory, Resident: memory, CPUs: 1,
		Refused: map[string]fmt.Stringer{},
	}
	for _, word := range words[4:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "cpus":
			vm.CPUs = int(number(t, value))
		case "load":
			vm.Load = float64(number(t, value))
		case "group":
			vm.Group = value
		case "huge":
			vm.HugePageKiB = number(t, value)
		case "touched":
			vm.Resident = number(t, value) * gib
		case "to":
			vm.BoundFor = value
		case "arrived":
			vm.Arrived = number(t, value) * gib
		case "refused":
			for name := range strings.SplitSeq(value, ",") {
				vm.Refused[name] = finding("CPU")
			}
		case "fixed":
			vm.Fixed = placement.Refused{Finding: finding("host device")}
		case "lasts":
			vm.Lasts = time.Duration(number(t, value)) * time.Second
		default:
			t.Fatalf("VM %s: what is %q?", vm.Name, word)
		}
	}
	return vm
}

func number(t testing.TB, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// named is the VM of a world that has a name.
func named(t testing.TB, w placement.World, name string) placement.VM {
	t.Helper()
	for _, vm := range w.VMs {
		if vm.Name == name {
			return vm
		}
	}
	t.Fatalf("there is no VM %s", name)
	return placement.VM{}
}

// names are the hosts of a world.
func names(w placement.World) []string {
	var all []string
	for _, h := range w.Hosts {
		all = append(all, h.Name)
	}
	return all
}
