//go:build lab

package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccPreflight tells of a VM that can be moved, and of a disk that is not shared,
// and fails because of neither.
func TestAccPreflight(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	local := filepath.Join(t.TempDir(), "local.img")
	if err := os.WriteFile(local, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	const address = "data.virt_migration_preflight.vm"
	is := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
	}
	config := configuration(t, `
data "virt_migration_preflight" "vm" {
  vm            = {{ printf "%q" .Name }}
  destination   = "kvm2"
  thorough      = true
  auto_converge = true
}
`, guest)
	acceptance(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				is("uuid", knownvalue.StringExact(guest.UUID)),
				is("source", knownvalue.StringExact("kvm1")),
				is("ready", knownvalue.Bool(true)),
				is("findings", knownvalue.ListSizeExact(0)),
				is("unchecked", knownvalue.MapSizeExact(0)),
			},
		},
		resource.TestStep{
			PreConfig: func() {
				testLab(t).Host("kvm1").MustVirsh(t, "attach-disk", guest.Name, local, "vdb", "--driver", "qemu", "--subdriver", "raw", "--live")
			},
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				is("ready", knownvalue.Bool(false)),
				is("findings", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"check":    knownvalue.StringExact("source_verdict"),
					"host":     knownvalue.StringExact("kvm1"),
					"severity": knownvalue.StringExact("error"),
					"detail":   knownvalue.StringRegexp(regexp.MustCompile(`libvirt on kvm1 says: .*shared storage`)),
				})})),
			},
		},
		resource.TestStep{
			Config: configuration(t, `
data "virt_migration_preflight" "vm" {
  vm          = {{ printf "%q" .Name }}
  destination = "kvm9"
}
`, guest),
			ExpectError: regexp.MustCompile(`Invalid Host`),
		},
	)
}
