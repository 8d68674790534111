//go:build lab

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccMigrationDestinations looks for hosts for a VM, three hosts having the same memory: one is left out for each
// reason, until none is left. It cordons a host, so it has the lab for itself.
func TestAccMigrationDestinations(t *testing.T) {
	const hostSecret = "6d696772-6174-4e00-8000-686f73740000" // a host's record of itself
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2, kvm3 := world.Host("kvm1"), world.Host("kvm2"), world.Host("kvm3")
	guest := world.StartGuest(t, typical())
	withOwnMemory(t, 2048)
	sibling := world.StartGuest(t, lab.GuestSpec{Host: "kvm3", Bare: true, MemoryMiB: 1024})
	local := filepath.Join(t.TempDir(), "local.img")
	if err := os.WriteFile(local, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := contextAfter(t, time.Minute)
		defer cancel()
		_, _ = kvm2.Virsh(ctx, "secret-undefine", hostSecret) // a step that has failed may have left it
	})

	const address = "data.virt_migration_destinations.vm"
	is := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
	}
	candidates := func(hosts ...string) statecheck.StateCheck {
		var want []knownvalue.Check
		for _, host := range hosts {
			want = append(want, knownvalue.ObjectExact(map[string]knownvalue.Check{
				"host":  knownvalue.StringExact(host),
				"score": knownvalue.NotNull(),
				"reasons": knownvalue.ListExact([]knownvalue.Check{
					said("MiB memory left$"), said("CPUs busy$"), said(`^\d+ virtual CPUs? on \d+ CPUs?$`), said("^no other move$"),
				}),
			}))
		}
		return is("candidates", knownvalue.ListExact(want))
	}
	config := func(where string) string {
		return three(t) + fmt.Sprintf(`
data "virt_migration_destinations" "vm" {
  vm = %q
  %s
}
`, guest.Name, where)
	}
	here := said("^The host that the VM is on.$")
	acceptance(t,
		// kvm3 runs a VM already.
		resource.TestStep{Config: config(""), ConfigStateChecks: []statecheck.StateCheck{
			is("uuid", knownvalue.StringExact(guest.UUID)),
			is("host", knownvalue.StringExact("kvm1")),
			candidates("kvm2", "kvm3"),
			is("rejected", knownvalue.MapExact(map[string]knownvalue.Check{"kvm1": here})),
		}},
		resource.TestStep{
			PreConfig: func() {
				for host, vm := range map[*lab.Host]*lab.Guest{kvm1: guest, kvm3: sibling} {
					setVMRecord(t, host, vm.Name, `{"version":1,"anti_affinity_group":"db"}`, "live", "config")
				}
			},
			Config: config(`hosts = ["kvm2", "kvm3"]`),
			ConfigStateChecks: []statecheck.StateCheck{
				candidates("kvm2"),
				is("rejected", knownvalue.MapExact(map[string]knownvalue.Check{
					"kvm3": said("VM " + sibling.Name + ", of the same anti-affinity group \"db\""),
				})),
			},
		},
		resource.TestStep{
			PreConfig: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm1, kvm2)
				setHostRecord(t, hostSecret, `{"version":1,"cordoned":true}`, kvm2)
			},
			Config: config(`cluster = "compute"`),
			ConfigStateChecks: []statecheck.StateCheck{
				candidates(),
				is("rejected", knownvalue.MapExact(map[string]knownvalue.Check{"kvm1": here, "kvm2": said("^Cordoned.$")})),
			},
		},
		// A disk that only its own host has keeps the VM from all of them.
		resource.TestStep{
			PreConfig: func() {
				removeHostRecord(t, hostSecret, kvm2)
				kvm1.MustVirsh(t, "attach-disk", guest.Name, local, "vdb", "--driver", "qemu", "--subdriver", "raw", "--live")
			},
			Config: config(`hosts = ["kvm2"]`),
			ConfigStateChecks: []statecheck.StateCheck{
				candidates(),
				is("rejected", knownvalue.MapExact(map[string]knownvalue.Check{"kvm2": said("shared storage")})),
			},
		},
		resource.TestStep{
			Config:      config("hosts = [\"kvm2\"]\ncluster = \"compute\""),
			ExpectError: regexp.MustCompile(`Invalid Hosts`),
		},
		resource.TestStep{Config: config(`hosts = ["kvm9"]`), ExpectError: regexp.MustCompile(`Invalid Host`)},
	)
}

// said is a string that has what a regular expression says.
func said(pattern string) knownvalue.Check {
	return knownvalue.StringRegexp(regexp.MustCompile(pattern))
}
