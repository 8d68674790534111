//go:build lab

package provider_test

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccUnreachable_writing asks hosts that do not answer, in each of the ways in
// which they may not: one diagnostic, and nothing is written anywhere.
func TestAccUnreachable_writing(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	for name, test := range map[string]struct {
		uri, want string
		within    time.Duration
	}{
		"refusing": {
			uri: "qemu+tcp://" + refusing + "/system", within: 10 * time.Second,
			want: `Host "kvm3": unable to ask for the host's UUID: no connection to qemu+tcp://10.77.0.11:9/system: connection refused; is libvirtd running and listening there?`,
		},
		"mute": {
			uri: lab.MuteURI(t), within: 40 * time.Second,
			want: `it did not answer within 15s`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := labProvider(t)
			block.Hosts["kvm3"] = hostBlock{URI: test.uri}
			started := time.Now()
			acceptance(t, resource.TestStep{
				Config:      block.with(t, clusterPolicyBody, clusterPolicyData{"compute", ``, []string{"kvm1", "kvm3"}}),
				ExpectError: sayingAll("Unable to Create Cluster Migration Policy", `hosts = ["kvm1", "kvm3", ]`, test.want),
			})
			if took := time.Since(started); took > test.within {
				t.Errorf("that took %s, want less than %s", took, test.within)
			}
			requireHostRecord(t, clusterSecret, "", kvm1)
		})
	}
}

// TestAccUnreachable_vm looks for VMs while a host does not answer.
func TestAccUnreachable_vm(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	kvm1 := testLab(t).Host("kvm1")
	up := labProvider(t)
	down := up.without("kvm2")
	warned := down
	warned.Unreachable = "warn"
	gone := up.without("kvm1")
	gone.Unreachable = "warn"
	of := func(block providerBlock, policy string) string {
		return block.with(t, vmPolicyBody, vmPolicyData{guest.Name, policy})
	}
	acceptance(t,
		resource.TestStep{ // it may be there, too
			Config: of(down, `max_downtime_ms = 500`),
			ExpectError: sayingAll("Unable to Plan VM Migration Policy", "vm =",
				`Host "kvm2": unable to`, "connection refused", `set unreachable_hosts = "warn"`, "VM "+guest.Name+" is running on kvm1"),
		},
		resource.TestStep{ // a warning is enough, when asked for
			PreConfig:     func() { requireVMRecord(t, kvm1, guest.Name, "", "live", "config") },
			Config:        of(warned, `max_downtime_ms = 500`),
			PostApplyFunc: func() { requireVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":500}`, "live", "config") },
		},
		resource.TestStep{Config: of(down, `max_downtime_ms = 500`), ExpectError: sayingAll("Unable to Read VM Migration Policy", `Host "kvm2": unable to`)},
		resource.TestStep{ // where it is cannot be known: state is kept
			Config:            of(gone, `max_downtime_ms = 500`),
			ConfigPlanChecks:  plansNothing(),
			ConfigStateChecks: []statecheck.StateCheck{expectUnseen(vmPolicy, "kvm1")},
		},
		resource.TestStep{ // and nothing can be written or removed
			Config: of(gone, `max_downtime_ms = 600`),
			ExpectError: sayingAll("Unable to Update VM Migration Policy", "It cannot be known where VM", `host "kvm1"`,
				"is not running on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"),
		},
		resource.TestStep{
			Config: of(gone, `max_downtime_ms = 500`), Destroy: true,
			ExpectError: sayingAll("Unable to Delete VM Migration Policy", "It cannot be known where VM", `host "kvm1"`),
		},
		resource.TestStep{
			Config:            of(up, `max_downtime_ms = 500`),
			ConfigPlanChecks:  plansNothing(),
			ConfigStateChecks: []statecheck.StateCheck{expectUnseen(vmPolicy)},
		},
	)
}

// TestAccUnreachable_cluster plans, changes and destroys a cluster while one of
// its hosts is down.
// It runs alone: cluster records are one per host.
func TestAccUnreachable_cluster(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	up := labProvider(t)
	down := up.without("kvm2")
	warned := down
	warned.Unreachable = "warn"
	of := func(block providerBlock, policy string, hosts ...string) string {
		return block.with(t, clusterPolicyBody, clusterPolicyData{"compute", policy, hosts})
	}
	record := func(policy string) string { return `{"version":1,"cluster":"compute"` + policy + `}` }
	acceptance(t,
		resource.TestStep{
			Config:            of(up, ``, "kvm1", "kvm2"),
			ConfigStateChecks: []statecheck.StateCheck{expectUnseen(clusterPolicy)},
		},
		resource.TestStep{
			Config:      of(down, ``, "kvm1", "kvm2"),
			ExpectError: sayingAll("Unable to Read Cluster Migration Policy", `Host "kvm2": unable to ask for the host's UUID`),
		},
		resource.TestStep{ // nothing is known against it
			Config:            of(warned, ``, "kvm1", "kvm2"),
			ConfigPlanChecks:  plansNothing(),
			ConfigStateChecks: []statecheck.StateCheck{expectHosts(clusterPolicy, "kvm1", "kvm2"), expectUnseen(clusterPolicy, "kvm2")},
		},
		resource.TestStep{
			Config: of(warned, `max_downtime_ms = 500`, "kvm1", "kvm2"),
			ExpectError: sayingAll("Unable to Update Cluster Migration Policy", `The record was not written to "kvm2". The change was made on "kvm1".`,
				`Apply again once the host can be reached.`),
		},
		resource.TestStep{ // what it has is not what is declared now
			Config: of(warned, `max_downtime_ms = 500`, "kvm1", "kvm2"), PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
				expectBefore(clusterPolicy, tfjsonpath.New("hosts"), hostsExactly("kvm1")),
			}},
		},
		resource.TestStep{
			Config:      of(warned, `max_downtime_ms = 500`, "kvm1"),
			ExpectError: sayingAll("Unable to Update Cluster Migration Policy", `The record may still be on "kvm2", which cannot be asked.`),
		},
		resource.TestStep{
			Config: of(warned, `max_downtime_ms = 500`, "kvm1"), Destroy: true,
			ExpectError: sayingAll("Unable to Delete Cluster Migration Policy", `The record may still be on "kvm2", which cannot be asked. The change was made on "kvm1".`,
				`If it is gone for good, take it out of the provider's hosts`),
		},
		resource.TestStep{ // back again, it is all put right
			PreConfig: func() {
				requireHostRecord(t, clusterSecret, "", kvm1)
				requireHostRecord(t, clusterSecret, record(""), kvm2)
			},
			Config:        of(up, `max_downtime_ms = 500`, "kvm1", "kvm2"),
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, record(`,"max_downtime_ms":500`), kvm1, kvm2) },
		},
	)
}

// TestAccUnreachable_dropped takes a host out of the provider's hosts: it leaves
// state, and what is recorded there stays.
// It runs alone: host-level records are one per host.
func TestAccUnreachable_dropped(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	const both = `
resource "virt_migration_global_settings" "all" {}
` + clusterPolicyBody
	acceptance(t,
		resource.TestStep{Config: configuration(t, both, clusterPolicyData{"compute", ``, []string{"kvm1", "kvm2"}})},
		resource.TestStep{
			Config:      labProvider(t, "kvm1").with(t, both, clusterPolicyData{"compute", ``, []string{"kvm1", "kvm2"}}),
			ExpectError: sayingAll("Invalid Host", `The provider's configuration has no host "kvm2"; it has "kvm1".`),
		},
		resource.TestStep{
			Config:           labProvider(t, "kvm1").with(t, both, clusterPolicyData{"compute", ``, []string{"kvm1"}}),
			ConfigPlanChecks: plansNothing(),
			ConfigStateChecks: []statecheck.StateCheck{
				expectHosts(clusterPolicy, "kvm1"),
				expectHosts(globalSettings, "kvm1"),
			},
		},
		resource.TestStep{
			Config:        labProvider(t, "kvm1").String(),
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, world.Host("kvm2")) },
		},
	)
}

// TestAccUnreachable_move asks for moves while a host does not answer: each error
// ends with where the VM is, as far as it was seen.
func TestAccUnreachable_move(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	up := labProvider(t)
	for name, test := range map[string]struct {
		block providerBlock
		want  []string
	}{
		"the destination is down": {up.without("kvm2"), []string{`Host "kvm2": unable to`, "VM " + guest.Name + " is running on kvm1"}},
		"the source is down": {up.without("kvm1"), []string{
			`Host "kvm1": unable to`, "VM " + guest.Name + " is not running on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acceptance(t, resource.TestStep{
				Config:      test.block.with(t, placementBody, placementData{guest.Name, "kvm2", ""}),
				ExpectError: sayingAll(append([]string{"Unable to Plan VM Migration"}, test.want...)...),
			})
			if cliIsAtLeast("1.14.0") {
				w := newWorkspace(t, test.block.String()+moveAction(guest.Name, ``))
				if got := w.must(t, 1, invoke...); !sayingAll(test.want...).MatchString(got.stderr) {
					t.Errorf("the action says: %s", got)
				}
			}
		})
	}
}

// expectUnseen is the attribute "unseen_hosts" with these hosts.
func expectUnseen(address string, names ...string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New("unseen_hosts"), hostsExactly(names...))
}
