//go:build lab

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const globalSettings = "virt_migration_global_settings.all"

const globalSettingsBody = `
resource "virt_migration_global_settings" "all" {
  {{ . }}
}
`

func globalSettingsOf(t *testing.T, policy string) string {
	t.Helper()
	return configuration(t, globalSettingsBody, policy)
}

// offRecord is what the settings are when nothing is said of them.
const offRecord = `{"version":1,"auto_converge":false,"compression":false,"post_copy":false,"encryption":false,"zero_copy":false,"synchronous_writes":false}`

// TestAccGlobalSettings_lifecycle runs alone: global records are one per host.
func TestAccGlobalSettings_lifecycle(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	acceptance(t,
		resource.TestStep{ // both switches are off, on all hosts
			Config:           globalSettingsOf(t, ``),
			ConfigPlanChecks: planActs(globalSettings, plancheck.ResourceActionCreate, plancheck.ExpectKnownValue(globalSettings, tfjsonpath.New("hosts"), hostsExactly("kvm1", "kvm2"))),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(globalSettings, tfjsonpath.New("id"), knownvalue.StringExact("global")),
				statecheck.ExpectKnownValue(globalSettings, tfjsonpath.New("auto_converge"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(globalSettings, tfjsonpath.New("compression"), knownvalue.Bool(false)),
				expectHosts(globalSettings, "kvm1", "kvm2"),
			},
			PostApplyFunc: func() { requireHostRecord(t, globalSecret, offRecord, kvm1, kvm2) },
		},
		resource.TestStep{
			Config:           globalSettingsOf(t, everyField),
			ConfigPlanChecks: planActs(globalSettings, plancheck.ResourceActionUpdate),
			PostApplyFunc:    func() { requireHostRecord(t, globalSecret, everyRecord, kvm1, kvm2) },
		},
		resource.TestStep{Config: globalSettingsOf(t, everyField), ConfigPlanChecks: plansNothing()},
		resource.TestStep{ // on some hosts only
			Config: globalSettingsOf(t, everyField+`hosts = ["kvm2"]`),
			PostApplyFunc: func() {
				requireHostRecord(t, globalSecret, "", kvm1)
				requireHostRecord(t, globalSecret, everyRecord, kvm2)
			},
		},
		resource.TestStep{ // and on all again
			Config:            globalSettingsOf(t, ``),
			ConfigStateChecks: []statecheck.StateCheck{expectHosts(globalSettings, "kvm1", "kvm2")},
			PostApplyFunc:     func() { requireHostRecord(t, globalSecret, offRecord, kvm1, kvm2) },
		},
		resource.TestStep{
			Config:        labProvider(t).String(),
			PostApplyFunc: func() { requireHostRecord(t, globalSecret, "", kvm1, kvm2) },
		},
	)
}

// TestAccGlobalSettings_exists takes over settings that are there already and say
// the same, and refuses others while planning.
// It runs alone: global records are one per host.
func TestAccGlobalSettings_exists(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	acceptance(t,
		resource.TestStep{
			PreConfig: func() { setHostRecord(t, globalSecret, `{"version":1,"auto_converge":true}`, kvm1) },
			Config:    globalSettingsOf(t, ``), PlanOnly: true,
			ExpectError: sayingAll("Unable to Create Global Migration Settings", "The copy on kvm1 exists and differs: auto_converge is true, declared false",
				`It says {"version":1,"auto_converge":true}.`, "terraform import virt_migration_global_settings.NAME global", "`virsh secret-undefine "+globalSecret+"` on kvm"),
		},
		resource.TestStep{
			PreConfig: func() {
				removeHostRecord(t, globalSecret, kvm1)
				setHostRecord(t, globalSecret, `nothing`, kvm2)
			},
			Config: globalSettingsOf(t, ``), PlanOnly: true,
			ExpectError: sayingAll("Unable to Create Global Migration Settings", "The global record on kvm2 cannot be read", "`virsh secret-undefine "+globalSecret+"` on kvm"),
		},
		resource.TestStep{
			PreConfig: func() {
				setHostRecord(t, globalSecret, `{"version":1,"auto_converge":false,"compression":false,"post_copy":false,"encryption":false,"zero_copy":false,"synchronous_writes":false,"dirty_limit":1}`, kvm1)
				removeHostRecord(t, globalSecret, kvm2)
			},
			Config: globalSettingsOf(t, ``),
			PostApplyFunc: func() {
				requireHostRecord(t, globalSecret, `{"version":1,"auto_converge":false,"compression":false,"post_copy":false,"encryption":false,"zero_copy":false,"synchronous_writes":false,"dirty_limit":1}`, kvm1)
				requireHostRecord(t, globalSecret, offRecord, kvm2)
			},
		},
	)
}

// TestAccGlobalSettings_drift runs alone: global records are one per host.
func TestAccGlobalSettings_drift(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	config := globalSettingsOf(t, ``)
	repaired := func() { requireHostRecord(t, globalSecret, offRecord, kvm1, kvm2) }
	hosts, autoConverge, drift := tfjsonpath.New("hosts"), tfjsonpath.New("auto_converge"), tfjsonpath.New("drift")
	acceptance(t,
		resource.TestStep{Config: config},
		resource.TestStep{ // one copy is lost
			PreConfig:        func() { removeHostRecord(t, globalSecret, kvm1) },
			Config:           config,
			ConfigPlanChecks: planActs(globalSettings, plancheck.ResourceActionUpdate, expectBefore(globalSettings, hosts, hostsExactly("kvm2")), expectBefore(globalSettings, drift, driftOf(map[string]string{"kvm1": "missing"}))),
			PostApplyFunc:    repaired,
		},
		resource.TestStep{ // all are changed alike
			PreConfig: func() {
				setHostRecord(t, globalSecret, `{"version":1,"auto_converge":true,"compression":false,"post_copy":false,"encryption":false,"zero_copy":false,"synchronous_writes":false}`, kvm1, kvm2)
			},
			Config: config,
			ConfigPlanChecks: planActs(globalSettings, plancheck.ResourceActionUpdate,
				expectBefore(globalSettings, autoConverge, knownvalue.Bool(true)), expectBefore(globalSettings, hosts, hostsExactly("kvm1", "kvm2"))),
			PostApplyFunc: repaired,
		},
		resource.TestStep{ // a release that adds a switch finds records without it: there it is false
			PreConfig: func() { setHostRecord(t, globalSecret, `{"version":1,"auto_converge":false}`, kvm1, kvm2) },
			Config:    config, PlanOnly: true,
		},
		resource.TestStep{ // gone
			PreConfig:        func() { removeHostRecord(t, globalSecret, kvm1, kvm2) },
			Config:           config,
			ConfigPlanChecks: planActs(globalSettings, plancheck.ResourceActionCreate),
			PostApplyFunc:    repaired,
		},
	)
}

// TestAccGlobalSettings_import runs alone: global records are one per host.
func TestAccGlobalSettings_import(t *testing.T) {
	withoutHostRecords(t)
	acceptance(t,
		resource.TestStep{Config: globalSettingsOf(t, everyField)},
		resource.TestStep{
			ResourceName: globalSettings, ImportState: true, ImportStateId: "global",
			ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeout"}, // in its canonical spelling
		},
		resource.TestStep{ResourceName: globalSettings, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: "global"},
		resource.TestStep{
			ResourceName: globalSettings, ImportState: true, ImportStateId: "all",
			ExpectError: sayingAll("Invalid Import ID", `The global migration settings exist once and are imported by the ID "global".`),
		},
	)
}

// TestAccGlobalSettings_identity runs alone: global records are one per host.
func TestAccGlobalSettings_identity(t *testing.T) {
	withoutHostRecords(t)
	acceptanceWithIdentity(t,
		resource.TestStep{
			Config: globalSettingsOf(t, everyField),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(globalSettings, map[string]knownvalue.Check{"id": knownvalue.StringExact("global")}),
			},
		},
		resource.TestStep{ResourceName: globalSettings, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
	)
}
