//go:build lab

package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const placement = "virt_vm_live_migration.vm"

// placementBody says where one VM is to be; More is what else is said about it.
const placementBody = `
resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = {{ printf "%q" .Destination }}
  {{ .More }}
}
`

type placementData struct{ VM, Destination, More string }

func placementOf(t *testing.T, vm, destination, more string) string {
	t.Helper()
	return configuration(t, placementBody, placementData{vm, destination, more})
}

func TestAccLiveMigration_lifecycle(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	last, source := tfjsonpath.New("last_migration"), tfjsonpath.New("source")
	acceptance(t,
		resource.TestStep{ // it is there already
			Config:           placementOf(t, guest.Name, "kvm1", ""),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate, plancheck.ExpectKnownValue(placement, source, knownvalue.Null())),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placement, source, knownvalue.Null()),
				statecheck.ExpectKnownValue(placement, tfjsonpath.New("id"), knownvalue.StringExact(guest.UUID)),
				statecheck.ExpectKnownValue(placement, tfjsonpath.New("uuid"), knownvalue.StringExact(guest.UUID)),
				statecheck.ExpectKnownValue(placement, tfjsonpath.New("mode"), knownvalue.StringExact("auto")),
				statecheck.ExpectKnownValue(placement, last, knownvalue.Null()),
			},
		},
		resource.TestStep{ // another destination moves it, in place
			Config:           placementOf(t, guest.Name, "kvm2", ""),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, plancheck.ExpectUnknownValue(placement, last), plancheck.ExpectKnownValue(placement, source, knownvalue.StringExact("kvm1"))),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placement, source, knownvalue.StringExact("kvm1")),
				statecheck.ExpectKnownValue(placement, last, knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"source":      knownvalue.StringExact("kvm1"),
					"destination": knownvalue.StringExact("kvm2"),
					"mode":        knownvalue.StringExact("peer_to_peer"),
					"phase":       knownvalue.StringExact("pre_copy"),
				})),
				sameAsLibvirtSays(t, guest, "kvm2"),
			},
		},
		resource.TestStep{ // another policy or mode alone moves nothing
			Config:           placementOf(t, guest.Name, "kvm2", "mode = \"direct\"\nauto_converge = true"),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, plancheck.ExpectKnownValue(placement, last, knownvalue.NotNull()), plancheck.ExpectKnownValue(placement, source, knownvalue.StringExact("kvm1"))),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placement, last.AtMapKey("mode"), knownvalue.StringExact("peer_to_peer")),
				sameAsLibvirtSays(t, guest, "kvm2"),
			},
		},
		resource.TestStep{ // another spelling of the same VM neither
			Config:           placementOf(t, guest.UUID, "kvm2", ""),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, plancheck.ExpectKnownValue(placement, last, knownvalue.NotNull())),
		},
		resource.TestStep{ // moved by other means, it shows
			PreConfig: func() { moveByVirsh(t, guest, "kvm2", "kvm1") },
			Config:    placementOf(t, guest.UUID, "kvm2", ""),
			PlanOnly:  true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
				expectBefore(placement, tfjsonpath.New("destination"), knownvalue.StringExact("kvm1")),
				expectBefore(placement, last.AtMapKey("destination"), knownvalue.StringExact("kvm2")), // it tells of our last move
				expectBefore(placement, source, knownvalue.StringExact("kvm1")),                       // and so does this
			}},
		},
		resource.TestStep{ // and is brought back
			Config:            placementOf(t, guest.UUID, "kvm2", ""),
			ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate, plancheck.ExpectUnknownValue(placement, last)),
			ConfigStateChecks: []statecheck.StateCheck{sameAsLibvirtSays(t, guest, "kvm2")},
		},
		importStep(guest.UUID),
		importStep(guest.Name),
		resource.TestStep{ // what is destroyed is the declaration, not the VM
			Config:        labProvider(t).String(),
			PostApplyFunc: func() { requireHome(t, guest, "kvm2", "running") },
		},
	)
}

// importStep imports the VM by what an operator would give; what is not known
// from the hosts cannot be imported.
func importStep(id string) resource.TestStep {
	return resource.TestStep{
		ResourceName:                         placement,
		ImportState:                          true,
		ImportStateId:                        id,
		ImportStateVerify:                    true,
		ImportStateVerifyIdentifierAttribute: "uuid",
		ImportStateVerifyIgnore:              []string{"last_migration", "source", "policy_digest", "vm", "mode"},
	}
}

func TestAccLiveMigration_identity(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	config := placementOf(t, guest.Name, "kvm1", "")
	acceptanceWithIdentity(t,
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(placement, map[string]knownvalue.Check{"uuid": knownvalue.StringExact(guest.UUID)}),
			},
		},
		resource.TestStep{ResourceName: placement, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		resource.TestStep{ResourceName: placement, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: guest.Name},
	)
}

// TestAccLiveMigration_guests moves guests of every kind and asks both hosts,
// and the guest itself, how it went.
func TestAccLiveMigration_guests(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	paused := typical()
	paused.State = lab.Paused
	for name, test := range map[string]struct {
		spec       lab.GuestSpec
		state      string
		persistent string
	}{
		"typical":   {lab.Typical(""), "running", "yes"},
		"active":    {lab.GuestSpec{Load: lab.Load{HotMiB: 16, RateMiB: 8}}, "running", "yes"},
		"transient": {lab.GuestSpec{Transient: true}.With(lab.Disk{}), "running", "no"},
		"paused":    {paused, "paused", "yes"},
		"several disks": {
			lab.GuestSpec{}.With(lab.Disk{Format: "raw", Bus: "scsi"}, lab.Disk{Bus: "sata"}), "running", "yes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guest := world.StartGuest(t, test.spec)
			started := time.Now()
			acceptance(t, resource.TestStep{
				Config:            placementOf(t, guest.Name, "kvm2", ""),
				ConfigPlanChecks:  planned(plancheck.ResourceActionCreate, plancheck.ExpectKnownValue(placement, tfjsonpath.New("source"), knownvalue.StringExact("kvm1"))),
				ConfigStateChecks: []statecheck.StateCheck{sameAsLibvirtSays(t, guest, "kvm2")},
				PostApplyFunc: func() {
					requireHome(t, guest, "kvm2", test.state)
					if info := world.Host("kvm2").MustVirsh(t, "dominfo", guest.Name); !strings.Contains(info, fmt.Sprintf("Persistent:     %s", test.persistent)) {
						t.Errorf("want persistent %s, got:\n%s", test.persistent, info)
					}
					if test.state == "running" {
						requireSteadyPulse(t, guest, started, 5*time.Second)
					}
				},
			})
		})
	}
}

func TestAccLiveMigration_refused(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	off := world.StartGuest(t, lab.GuestSpec{State: lab.Inactive, Bare: true})
	on := world.StartGuest(t, typical())
	for name, test := range map[string]struct {
		config string
		want   []string
	}{
		"shut off": {
			placementOf(t, off.Name, "kvm2", ""),
			[]string{"Unable to Migrate VM", fmt.Sprintf("vm = %q", off.Name), "is not running on kvm1 (shut off)", "VM " + off.Name + " is shut off on kvm1"},
		},
		"nowhere": {
			placementOf(t, "nobody", "kvm2", ""),
			[]string{"Unable to Migrate VM", `vm = "nobody"`, `No host has a VM "nobody" (asked: "kvm1", "kvm2")`},
		},
		"unknown destination": {
			placementOf(t, on.Name, "kvm9", ""),
			[]string{"Invalid Host", `destination = "kvm9"`, `has no host "kvm9"`},
		},
		"a typo": {
			placementOf(t, on.Name, "kvm2", `auto_convrege = true`),
			[]string{"Unsupported argument", `An argument named "auto_convrege" is not expected here.`},
		},
		"contradicting override": {
			placementOf(t, on.Name, "kvm2", "compression = true\nparallel_connections = 2"),
			[]string{"Invalid Migration Policy", "parallel_connections"},
		},
		"invalid mode": {
			placementOf(t, on.Name, "kvm2", `mode = "p2p"`),
			[]string{"Invalid Value", "mode"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acceptance(t, resource.TestStep{Config: test.config, ExpectError: sayingAll(test.want...)})
			requireHome(t, on, "kvm1", "running")
		})
	}
}

// TestAccLiveMigration_wantedTwice declares two hosts for one VM: that is refused
// before anything is moved, also where the VM gets known only in the apply.
func TestAccLiveMigration_wantedTwice(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	const more = `
resource "virt_vm_live_migration" "other" {
  vm          = %s
  destination = "kvm1"
}

resource "terraform_data" "vm" {
  input = %q
}
`
	want := sayingAll("Conflicting Destinations", "destination = ", "Another virt_vm_live_migration resource wants VM")
	both := func(vm string) string {
		return placementOf(t, guest.Name, "kvm2", "") + fmt.Sprintf(more, vm, guest.Name)
	}
	acceptance(t, resource.TestStep{Config: both(fmt.Sprintf("%q", guest.UUID)), ExpectError: want})
	requireHome(t, guest, "kvm1", "running")
	acceptance(t, resource.TestStep{Config: both("terraform_data.vm.output\n  depends_on = [virt_vm_live_migration.vm]"), ExpectError: want})
	requireHome(t, guest, "kvm2", "running") // by the resource that came first
}

// sayingAll matches output that has all the words, in this order.
func sayingAll(all ...string) *regexp.Regexp {
	patterns := make([]string, len(all))
	for i, words := range all {
		patterns[i] = saying(words).String()
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`))
}

// planned wants the placement to be changed in this way.
func planned(action plancheck.ResourceActionType, more ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: append(more, plancheck.ExpectResourceAction(placement, action))}
}

func moveByVirsh(t *testing.T, guest *lab.Guest, from, to string) {
	t.Helper()
	world := testLab(t)
	destination := world.Host(to)
	world.Host(from).MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", "--undefinesource",
		guest.Name, destination.PeerURI, destination.MigrationURI)
}

// requireHome wants the guest on one host only, in that state, and not even
// defined on another one.
func requireHome(t *testing.T, guest *lab.Guest, home, state string) {
	t.Helper()
	world := testLab(t)
	for _, host := range world.Hosts {
		got, err := host.Virsh(t.Context(), "domstate", guest.UUID)
		switch {
		case host.Name == home && (err != nil || strings.TrimSpace(got) != state):
			t.Errorf("on %s want the guest %s, got %q, %v", host.Name, state, got, err)
		case host.Name != home && err == nil:
			t.Errorf("%s still has the guest: %s", host.Name, got)
		}
	}
}

// requireSteadyPulse wants the guest to be alive now, to have sent every beat
// once since then, and not to have stood still for longer than gap.
func requireSteadyPulse(t *testing.T, guest *lab.Guest, since time.Time, gap time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := guest.NextBeat(ctx); err != nil {
		t.Fatalf("no heartbeat: %v", err)
	}
	pulse := guest.Between(since, time.Now())
	t.Logf("%d beats, longest gap %s", pulse.Beats, pulse.LongestGap.Round(time.Millisecond))
	if len(pulse.Lost) > 0 || len(pulse.Repeated) > 0 {
		t.Errorf("beats lost %v, repeated %v", pulse.Lost, pulse.Repeated)
	}
	if pulse.LongestGap > gap {
		t.Errorf("the guest stood still for %s", pulse.LongestGap)
	}
}

// sameAsLibvirtSays compares last_migration with the figures that libvirt keeps
// of the finished job.
func sameAsLibvirtSays(t *testing.T, guest *lab.Guest, host string) statecheck.StateCheck {
	t.Helper()
	return figuresCheck{t, guest, host}
}

type figuresCheck struct {
	t     *testing.T
	guest *lab.Guest
	host  string
}

func (c figuresCheck) CheckState(ctx context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	raw := testLab(c.t).Host(c.host).MustVirsh(c.t, "domjobinfo", c.guest.UUID, "--completed", "--keep-completed", "--rawstats")
	said := map[string]string{}
	for _, line := range strings.Split(raw, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			said[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	for attribute, statistic := range map[string]string{
		"duration_ms":              "time_elapsed",
		"downtime_ms":              "downtime",
		"memory_total_bytes":       "memory_total",
		"memory_transferred_bytes": "memory_processed",
		"iterations":               "memory_iteration",
	} {
		var response statecheck.CheckStateResponse
		value, err := strconv.ParseInt(said[statistic], 10, 64)
		if err != nil {
			resp.Error = fmt.Errorf("libvirt says %s: %q", statistic, said[statistic])
			return
		}
		statecheck.ExpectKnownValue(placement, tfjsonpath.New("last_migration").AtMapKey(attribute), knownvalue.Int64Exact(value)).CheckState(ctx, req, &response)
		if response.Error != nil {
			resp.Error = response.Error
		}
	}
}
