//go:build lab

package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccForecast of a VM that is measured, and of one of which nothing is known.
func TestAccForecast(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, MemoryMiB: 128})
	const address = "data.virt_migration_forecast.vm"
	is := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
	}
	acceptance(t,
		resource.TestStep{
			Config: configuration(t, `
data "virt_migration_forecast" "vm" {
  vm          = {{ printf "%q" .Name }}
  measure_for = "1h"
}
`, guest),
			ExpectError: regexp.MustCompile(`Invalid Duration`),
		},
		resource.TestStep{
			Config: configuration(t, `
data "virt_migration_forecast" "vm" {
  vm                       = {{ printf "%q" .Name }}
  destination              = "kvm2"
  measure_for              = "1s"
  bandwidth_mib_per_second = 32
}
`, guest),
			ConfigStateChecks: []statecheck.StateCheck{
				is("uuid", knownvalue.StringExact(guest.UUID)),
				is("source", knownvalue.StringExact("kvm1")),
				is("verdict", knownvalue.StringExact("ends")),
				is("throttle_percent", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"low": knownvalue.Int64Exact(0), "expected": knownvalue.Int64Exact(0), "high": knownvalue.Int64Exact(0),
				})),
				is("duration_ms", knownvalue.ObjectPartial(map[string]knownvalue.Check{"expected": knownvalue.NotNull()})),
				is("basis", knownvalue.StringRegexp(regexp.MustCompile(`measured`))),
				is("suggestions", knownvalue.ListSizeExact(0)),
			},
		},
		resource.TestStep{
			Config: configuration(t, `
data "virt_migration_forecast" "vm" {
  vm          = {{ printf "%q" .Name }}
  measure_for = "0s"
}
`, guest),
			ConfigStateChecks: []statecheck.StateCheck{
				is("verdict", knownvalue.StringExact("unknown")),
				is("duration_ms", knownvalue.Null()),
				is("basis", knownvalue.StringRegexp(regexp.MustCompile(`^Nothing was measured`))),
			},
		},
	)
}
