//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const vmPolicy = "virt_vm_migration_policy.vm"

// vmPolicyBody declares the policy of one VM.
const vmPolicyBody = `
resource "virt_vm_migration_policy" "vm" {
  vm = {{ printf "%q" .VM }}
  {{ .Policy }}
}
`

type vmPolicyData struct{ VM, Policy string }

func vmPolicyOf(t *testing.T, vm, policy string) string {
	t.Helper()
	return configuration(t, vmPolicyBody, vmPolicyData{vm, policy})
}

// everyField is a policy that sets every field but parallel_compression_level, which needs
// parallel connections; everyRecord is its record.
const (
	everyField = `
  auto_converge            = true
  auto_converge_initial    = 30
  auto_converge_increment  = 15
  compression              = true
  compression_cache_mib    = 128
  bandwidth_mib_per_second = 0
  max_downtime_ms          = 500
  parallel_connections     = 0
  post_copy                = true
  encryption               = false
  parallel_compression     = "none"
  zero_copy                = false
  timeout                  = "90s"
  stall_timeout            = "0s"
  on_timeout               = "post_copy"
  copy_storage             = "auto"
  synchronous_writes       = true

  post_copy_bandwidth_mib_per_second  = 50
  switchover_bandwidth_mib_per_second = 100
`
	everyRecord = `{"version":1,"auto_converge":true,"auto_converge_initial":30,"auto_converge_increment":15,` +
		`"compression":true,"compression_cache_mib":128,"bandwidth_mib_per_second":0,"max_downtime_ms":500,` +
		`"parallel_connections":0,"post_copy":true,"encryption":false,"parallel_compression":"none","zero_copy":false,` +
		`"post_copy_bandwidth_mib_per_second":50,"switchover_bandwidth_mib_per_second":100,"timeout":"1m30s","stall_timeout":"0s",` +
		`"on_timeout":"post_copy","copy_storage":"auto","synchronous_writes":true}`
)

func TestAccVMPolicy_lifecycle(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]lab.GuestSpec{
		"running":   {},
		"inactive":  {State: lab.Inactive},
		"transient": {Transient: true},
		"paused":    {State: lab.Paused, Host: "kvm2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec.Bare = true
			guest := testLab(t).StartGuest(t, spec)
			host := testLab(t).Host(guest.Spec.Host)
			places := guestPlaces(spec)
			record := func(want string) func() {
				return func() { requireVMRecord(t, host, guest.Name, want, places...) }
			}
			acceptance(t,
				resource.TestStep{
					Config: vmPolicyOf(t, guest.Name, `auto_converge = true`),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionCreate),
						plancheck.ExpectUnknownValue(vmPolicy, tfjsonpath.New("uuid")),
						plancheck.ExpectUnknownValue(vmPolicy, tfjsonpath.New("id")),
						plancheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("drift"), noDrift),
					}},
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(guest.UUID)),
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("id"), knownvalue.StringExact(guest.UUID)),
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("drift"), noDrift),
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("auto_converge"), knownvalue.Bool(true)),
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("compression"), knownvalue.Null()),
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("max_downtime_ms"), knownvalue.Null()),
					},
					PostApplyFunc: record(`{"version":1,"auto_converge":true}`),
				},
				resource.TestStep{
					Config: vmPolicyOf(t, guest.Name, everyField),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionUpdate),
						plancheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(guest.UUID)),
					}},
					ConfigStateChecks: []statecheck.StateCheck{ // as the user spelled it
						statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("timeout"), knownvalue.StringExact("90s")),
					},
					PostApplyFunc: record(everyRecord),
				},
				resource.TestStep{
					Config:           vmPolicyOf(t, guest.Name, everyField),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				},
				resource.TestStep{ // another spelling of the same duration is no change
					Config:           vmPolicyOf(t, guest.Name, strings.Replace(everyField, "90s", "1.5m", 1)),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				},
				resource.TestStep{ // everything inherits, and the record says so
					Config:        vmPolicyOf(t, guest.Name, ``),
					PostApplyFunc: record(`{"version":1}`),
				},
				resource.TestStep{
					Config:        labProvider(t).String(),
					PostApplyFunc: record(""),
				},
			)
		})
	}
}

// TestAccVMPolicy_spellings names the same VM in every way there is: an update
// in place, and no other VM.
func TestAccVMPolicy_spellings(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	other := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"})
	kvm1, kvm2 := testLab(t).Host("kvm1"), testLab(t).Host("kvm2")
	const policy = `auto_converge = true`
	const record = `{"version":1,"auto_converge":true}`
	action := func(want plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(vmPolicy, want)}}
	}
	uuid := statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(guest.UUID))
	acceptance(t,
		resource.TestStep{Config: vmPolicyOf(t, guest.Name, policy), ConfigStateChecks: []statecheck.StateCheck{uuid}},
		resource.TestStep{
			Config:            vmPolicyOf(t, guest.UUID, policy),
			ConfigPlanChecks:  action(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{uuid},
		},
		resource.TestStep{
			Config:            vmPolicyOf(t, spelledInCapitals(guest.UUID), policy),
			ConfigPlanChecks:  action(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{uuid},
		},
		resource.TestStep{
			Config:            vmPolicyOf(t, guest.Name, policy),
			ConfigPlanChecks:  action(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{uuid},
			PostApplyFunc:     func() { requireVMRecord(t, kvm1, guest.Name, record, "live", "config") },
		},
		resource.TestStep{
			Config:           vmPolicyOf(t, other.Name, policy),
			ConfigPlanChecks: action(plancheck.ResourceActionDestroyBeforeCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(other.UUID)),
			},
			PostApplyFunc: func() {
				requireVMRecord(t, kvm1, guest.Name, "", "live", "config")
				requireVMRecord(t, kvm2, other.Name, record, "live", "config")
			},
		},
	)
}

// TestAccVMPolicy_renamed gives a VM another name, and its old name to another
// VM.
func TestAccVMPolicy_renamed(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	other := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	renamed := guest.Name + "-renamed"
	config := vmPolicyOf(t, guest.Name, `auto_converge = true`)
	acceptance(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:        func() { kvm1.MustVirsh(t, "domrename", guest.UUID, renamed) },
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			Config: vmPolicyOf(t, renamed, `auto_converge = true`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionUpdate),
			}},
		},
		resource.TestStep{ // a name that no VM has: to be another one, made by the apply
			Config: config, PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionDestroyBeforeCreate),
			}},
		},
		resource.TestStep{
			PreConfig: func() {
				kvm1.MustVirsh(t, "domrename", guest.UUID, guest.Name)
			},
			Config: config,
		},
		resource.TestStep{ // the name is another VM's now, and so is the policy
			PreConfig: func() {
				kvm1.MustVirsh(t, "domrename", guest.UUID, renamed)
				kvm1.MustVirsh(t, "domrename", other.UUID, guest.Name)
			},
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionDestroyBeforeCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(other.UUID)),
			},
			PostApplyFunc: func() {
				requireVMRecord(t, kvm1, guest.UUID, "", "config")
				requireVMRecord(t, kvm1, other.UUID, `{"version":1,"auto_converge":true}`, "config")
			},
		},
	)
}

// TestAccVMPolicy_moved moves the VM by other means than Terraform: nothing is
// to be done then.
func TestAccVMPolicy_moved(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]lab.GuestSpec{
		"persistent": {Bare: true},
		"transient":  {Bare: true, Transient: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guest := testLab(t).StartGuest(t, spec)
			config := vmPolicyOf(t, guest.Name, everyField)
			acceptance(t,
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig: func() {
						world := testLab(t)
						args := []string{"migrate", "--live", "--p2p", guest.Name, world.Host("kvm2").PeerURI, world.Host("kvm2").MigrationURI}
						if !spec.Transient {
							args = append(args, "--persistent", "--undefinesource")
						}
						world.Host("kvm1").MustVirsh(t, args...)
					},
					Config:           config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				},
				resource.TestStep{
					Config: vmPolicyOf(t, guest.Name, `max_downtime_ms = 400`),
					PostApplyFunc: func() {
						requireVMRecord(t, testLab(t).Host("kvm2"), guest.Name, `{"version":1,"max_downtime_ms":400}`, guestPlaces(spec)...)
					},
				},
			)
		})
	}
}

// TestAccVMPolicy_createdInSameApply plans for a VM that the apply is yet to
// make: its name or UUID may not be known, or may fit no VM.
func TestAccVMPolicy_createdInSameApply(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	config := configuration(t, `
resource "terraform_data" "domain" {
  input = {{ printf "%q" . }}
}

resource "virt_vm_migration_policy" "vm" {
  vm            = terraform_data.domain.output
  auto_converge = true
}
`, guest.Name)
	acceptance(t,
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(vmPolicy, tfjsonpath.New("vm"))}},
		},
		resource.TestStep{ // with the VM gone, its policy's end succeeds
			PreConfig: func() { removeGuest(t, guest) },
			Config:    labProvider(t).String(),
		},
	)
}

func spelledInCapitals(uuid string) string {
	return strings.ToUpper(strings.ReplaceAll(uuid, "-", ""))
}

func removeGuest(t *testing.T, guest *lab.Guest) {
	t.Helper()
	if err := guest.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestAccVMPolicy_existing creates over a record that is there already.
func TestAccVMPolicy_existing(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, typical())
	setVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":500}`, "live", "config")
	acceptance(t,
		resource.TestStep{
			Config: vmPolicyOf(t, guest.Name, `max_downtime_ms = 400`),
			ExpectError: sayingAll("Unable to Create VM Migration Policy", fmt.Sprintf("vm = %q", guest.Name),
				"The live copy on kvm1 exists and differs: max_downtime_ms is 500, declared 400.",
				`It says {"version":1,"max_downtime_ms":500}.`,
				"terraform import virt_vm_migration_policy.NAME "+guest.UUID),
		},
		resource.TestStep{ // an equal one is adopted
			Config:        vmPolicyOf(t, guest.Name, `max_downtime_ms = 500`),
			PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":500}`, "live", "config") },
		},
	)
}
