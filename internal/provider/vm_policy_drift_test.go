//go:build lab

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const (
	declaredVMPolicy = `
  auto_converge   = true
  max_downtime_ms = 500
  timeout         = "90s"
`
	declaredVMRecord = `{"version":1,"auto_converge":true,"max_downtime_ms":500,"timeout":"1m30s"}`
)

// TestAccVMPolicy_drift changes the record behind Terraform's back. A plan shows
// it as an update in place, and the apply repairs it.
func TestAccVMPolicy_drift(t *testing.T) {
	t.Parallel()
	live, config, both := []string{"live"}, []string{"config"}, []string{"live", "config"}
	for name, test := range map[string]struct {
		spec lab.GuestSpec
		// document replaces the record in these copies; removed when empty.
		document string
		places   []string
		// want is what state says of the copies while they are wrong, in the attribute
		// drift, and maxDowntime what it says of that attribute. Where all copies agree,
		// the values tell.
		want        map[string]string
		maxDowntime knownvalue.Check
	}{
		"live copy changed": {
			document: `{"version":1,"auto_converge":true,"max_downtime_ms":900,"timeout":"1m30s"}`, places: live,
			want: map[string]string{"live": "differs: max_downtime_ms"}, maxDowntime: knownvalue.Int64Exact(500),
		},
		"config copy removed": {
			places: config,
			want:   map[string]string{"config": "missing"}, maxDowntime: knownvalue.Int64Exact(500),
		},
		"live copy removed": {
			places: live,
			want:   map[string]string{"live": "missing"}, maxDowntime: knownvalue.Int64Exact(500),
		},
		"both copies changed alike": {
			document: `{"version":1,"max_downtime_ms":900,"timeout":"1m30s"}`, places: both,
			want:        nil,
			maxDowntime: knownvalue.Int64Exact(900),
		},
		"both copies are no JSON": {
			document: `max_downtime_ms=900`, places: both,
			want:        map[string]string{"live": "unreadable", "config": "unreadable"},
			maxDowntime: knownvalue.Int64Exact(500),
		},
		"a value out of range": {
			document: `{"version":1,"max_downtime_ms":0}`, places: config,
			want:        map[string]string{"config": "unreadable"},
			maxDowntime: knownvalue.Int64Exact(500),
		},
		"foreign elements": {
			document: `<record/>`, places: live,
			want:        map[string]string{"live": "unreadable"},
			maxDowntime: knownvalue.Int64Exact(500),
		},
		"inactive VM": {
			spec:     lab.GuestSpec{State: lab.Inactive},
			document: `{"version":1,"max_downtime_ms":900}`, places: config,
			want:        nil,
			maxDowntime: knownvalue.Int64Exact(900),
		},
		"transient VM": {
			spec:     lab.GuestSpec{Transient: true},
			document: `{"version":1,"auto_converge":true,"max_downtime_ms":900,"timeout":"1m30s"}`, places: live,
			want: nil, maxDowntime: knownvalue.Int64Exact(900),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.spec.Bare = true
			kvm1 := testLab(t).Host("kvm1")
			guest := testLab(t).StartGuest(t, test.spec)
			config := configuration(t, vmPolicyBody, vmPolicyData{guest.Name, declaredVMPolicy})
			acceptance(t,
				resource.TestStep{
					Config:        config,
					PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, declaredVMRecord, guestPlaces(test.spec)...) },
				},
				resource.TestStep{
					PreConfig: func() {
						if test.document == "" {
							removeVMRecord(t, kvm1, guest.Name, test.places...)
						} else {
							setVMRecord(t, kvm1, guest.Name, test.document, test.places...)
						}
					},
					Config: config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionUpdate),
						expectBefore(vmPolicy, tfjsonpath.New("drift"), driftOf(test.want)),
						expectBefore(vmPolicy, tfjsonpath.New("max_downtime_ms"), test.maxDowntime),
						plancheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("drift"), noDrift),
						plancheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("max_downtime_ms"), knownvalue.Int64Exact(500)),
					}},
					PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, declaredVMRecord, guestPlaces(test.spec)...) },
				},
			)
		})
	}
}

// guestPlaces are the copies that a guest's record has.
func guestPlaces(spec lab.GuestSpec) []string {
	switch {
	case spec.Transient:
		return []string{"live"}
	case spec.State == lab.Inactive:
		return []string{"config"}
	default:
		return []string{"live", "config"}
	}
}

// TestAccVMPolicy_redefined defines the domain anew from a file without
// metadata, as tools that own its definition do: the running VM keeps its copy.
func TestAccVMPolicy_redefined(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, typical())
	file := filepath.Join(t.TempDir(), "domain.xml")
	if err := os.WriteFile(file, []byte(kvm1.MustVirsh(t, "dumpxml", "--inactive", guest.Name)), 0o600); err != nil {
		t.Fatal(err)
	}
	config := configuration(t, vmPolicyBody, vmPolicyData{guest.Name, declaredVMPolicy})
	acceptance(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { kvm1.MustVirsh(t, "define", file) },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionUpdate),
				expectBefore(vmPolicy, tfjsonpath.New("drift"), driftOf(map[string]string{"config": "missing"})),
			}},
			PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, declaredVMRecord, "live", "config") },
		},
	)
}

// TestAccVMPolicy_unknownMembers keeps what a newer release has written, and
// takes it for no drift.
func TestAccVMPolicy_unknownMembers(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, typical())
	config := func(maxDowntime int) string {
		return configuration(t, vmPolicyBody, vmPolicyData{guest.Name, fmt.Sprintf("max_downtime_ms = %d", maxDowntime)})
	}
	acceptance(t,
		resource.TestStep{Config: config(500)},
		resource.TestStep{
			PreConfig: func() {
				setVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":500,"dirty_limit":{"vcpu":[1,2]}}`, "live", "config")
			},
			Config:           config(500),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			Config: config(600),
			PostApplyFunc: func() {
				requireVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":600,"dirty_limit":{"vcpu":[1,2]}}`, "live", "config")
			},
		},
	)
}

// TestAccVMPolicy_newerVersion leaves a record alone that a newer release wrote.
func TestAccVMPolicy_newerVersion(t *testing.T) {
	t.Parallel()
	const newer = `{"version":2,"max_downtime":"500ms"}`
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, typical())
	config := configuration(t, vmPolicyBody, vmPolicyData{guest.Name, `max_downtime_ms = 500`})
	refused := saying(`the record has version 2 and this release of the provider knows versions up to 1. It is left as it is.`)
	acceptance(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:          func() { setVMRecord(t, kvm1, guest.Name, newer, "live", "config") },
			Config:             config,
			PlanOnly:           true,
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{Config: config, ExpectError: refused},
		resource.TestStep{Config: config, Destroy: true, ExpectError: refused},
		resource.TestStep{
			Config: labProvider(t).with(t, `
removed {
  from = virt_vm_migration_policy.vm
  lifecycle { destroy = false }
}`, nil),
			PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, newer, "live", "config") },
		},
	)
}

// TestAccVMPolicy_gone plans to create anew what has no copy left.
func TestAccVMPolicy_gone(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, typical())
	config := configuration(t, vmPolicyBody, vmPolicyData{guest.UUID, declaredVMPolicy})
	acceptance(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { removeVMRecord(t, kvm1, guest.Name, "live", "config") },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionCreate),
			}},
			PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, declaredVMRecord, "live", "config") },
		},
	)
}
