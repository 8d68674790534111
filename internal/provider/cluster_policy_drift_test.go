//go:build lab

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccClusterPolicy_drift changes copies of the record behind Terraform's
// back. A plan shows the hosts that lack the declared record, or, where all
// agree on another one, its values; the apply repairs it.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_drift(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	const declared = `{"version":1,"cluster":"compute","max_downtime_ms":500}`
	config := clusterPolicyOf(t, "compute", `max_downtime_ms = 500`, "kvm1", "kvm2")
	steps := []resource.TestStep{{Config: config}}
	for _, drift := range []struct {
		name        string
		change      func()
		hosts       []string
		drift       map[string]string
		maxDowntime int64
		action      plancheck.ResourceActionType
	}{
		{
			name:   "one copy is removed",
			change: func() { removeHostRecord(t, clusterSecret, kvm2) },
			hosts:  []string{"kvm1"}, drift: map[string]string{"kvm2": "missing"}, maxDowntime: 500,
		},
		{
			name: "one copy is changed",
			change: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":900}`, kvm1)
			},
			hosts: []string{"kvm2"}, drift: map[string]string{"kvm1": "differs: max_downtime_ms"}, maxDowntime: 500,
		},
		{
			name:   "one copy is no JSON",
			change: func() { setHostRecord(t, clusterSecret, `nothing`, kvm1) },
			hosts:  []string{"kvm2"}, drift: map[string]string{"kvm1": "unreadable"}, maxDowntime: 500,
		},
		{
			name: "all copies are changed alike",
			change: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":900}`, kvm1, kvm2)
			},
			hosts: []string{"kvm1", "kvm2"}, maxDowntime: 900,
		},
		{
			name: "all copies are changed, each in its way",
			change: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":900}`, kvm1)
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":800}`, kvm2)
			},
			hosts: nil, drift: map[string]string{"kvm1": "differs: max_downtime_ms", "kvm2": "differs: max_downtime_ms"}, maxDowntime: 500,
		},
		{
			name: "one is changed and one is gone",
			change: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":900}`, kvm1)
				removeHostRecord(t, clusterSecret, kvm2)
			},
			hosts: nil, drift: map[string]string{"kvm1": "differs: max_downtime_ms", "kvm2": "missing"}, maxDowntime: 500,
		},
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() { t.Log(drift.name); drift.change() },
			Config:    config,
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate,
				expectBefore(clusterPolicy, tfjsonpath.New("hosts"), hostsExactly(drift.hosts...)),
				expectBefore(clusterPolicy, tfjsonpath.New("drift"), driftOf(drift.drift)),
				plancheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("drift"), noDrift),
				expectBefore(clusterPolicy, tfjsonpath.New("max_downtime_ms"), knownvalue.Int64Exact(drift.maxDowntime)),
				plancheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("hosts"), hostsExactly("kvm1", "kvm2")),
				plancheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("max_downtime_ms"), knownvalue.Int64Exact(500)),
			),
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, declared, kvm1, kvm2) },
		})
	}
	steps = append(steps,
		resource.TestStep{ // a refresh that is saved repairs nothing, and forgets nothing
			PreConfig:          func() { removeHostRecord(t, clusterSecret, kvm2) },
			RefreshState:       true,
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{
			RefreshState:       true,
			ExpectNonEmptyPlan: true,
			RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{
				expectBefore(clusterPolicy, tfjsonpath.New("drift"), driftOf(map[string]string{"kvm2": "missing"})),
			}},
		},
		resource.TestStep{
			Config:        config,
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, declared, kvm1, kvm2) },
		},
	)
	steps = append(steps, resource.TestStep{ // on no host: gone
		PreConfig:        func() { removeHostRecord(t, clusterSecret, kvm1, kvm2) },
		Config:           config,
		ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionCreate),
		PostApplyFunc:    func() { requireHostRecord(t, clusterSecret, declared, kvm1, kvm2) },
	})
	acceptance(t, steps...)
}

// TestAccClusterPolicy_driftedHostLeaves takes a host out of the configuration
// whose copy somebody changed: no attribute differs, and yet the copy has to go.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_driftedHostLeaves(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	acceptance(t,
		resource.TestStep{Config: clusterPolicyOf(t, "compute", ``, "kvm1", "kvm2")},
		resource.TestStep{
			PreConfig: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":900}`, kvm2)
			},
			Config:           clusterPolicyOf(t, "compute", ``, "kvm1"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate),
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm1)
				requireHostRecord(t, clusterSecret, "", kvm2)
			},
		},
	)
}

// TestAccClusterPolicy_newerVersion leaves a copy alone that a newer release
// wrote, and says how to get out of it.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_newerVersion(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	const newer = `{"version":2,"cluster":"compute","max_downtime":"500ms"}`
	config := clusterPolicyOf(t, "compute", ``, "kvm1", "kvm2")
	refused := func(verb string) resource.TestStep {
		return resource.TestStep{Config: config, Destroy: verb == "Delete", ExpectError: sayingAll("Unable to "+verb+" Cluster Migration Policy",
			`The cluster record on kvm2: the record has version 2 and this release of the provider knows versions up to 1. It is left as it is.`,
			`removed block`)}
	}
	acceptance(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { setHostRecord(t, clusterSecret, newer, world.Host("kvm2")) },
			Config:    config, PlanOnly: true, ExpectNonEmptyPlan: true,
		},
		refused("Update"),
		refused("Delete"),
		resource.TestStep{
			Config: labProvider(t).with(t, `
removed {
  from = virt_cluster_migration_policy.cluster
  lifecycle { destroy = false }
}`, nil),
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, world.Host("kvm1"))
				requireHostRecord(t, clusterSecret, newer, world.Host("kvm2"))
			},
		},
	)
}

// TestAccClusterPolicy_unknownMembers keeps what a newer release has written.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_unknownMembers(t *testing.T) {
	withoutHostRecords(t)
	kvm1 := testLab(t).Host("kvm1")
	acceptance(t,
		resource.TestStep{Config: clusterPolicyOf(t, "compute", `max_downtime_ms = 500`, "kvm1")},
		resource.TestStep{
			PreConfig: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":500,"dirty_limit":true}`, kvm1)
			},
			Config:           clusterPolicyOf(t, "compute", `max_downtime_ms = 500`, "kvm1"),
			ConfigPlanChecks: plansNothing(),
		},
		resource.TestStep{
			Config: clusterPolicyOf(t, "compute", `max_downtime_ms = 600`, "kvm1"),
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":600,"dirty_limit":true}`, kvm1)
			},
		},
	)
}
