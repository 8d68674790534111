//go:build lab

package provider_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const batchRecord = `{"version":1,"cluster":"batch"}`

// TestAccClusterPolicy_existing creates over records that are there already.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_existing(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	const other = `{"version":1,"cluster":"compute","max_downtime_ms":900}`
	config := clusterPolicyOf(t, "compute", `max_downtime_ms = 500`, "kvm1", "kvm2")
	acceptance(t,
		resource.TestStep{
			PreConfig: func() { setHostRecord(t, clusterSecret, other, kvm2) },
			Config:    config,
			ExpectError: sayingAll("Unable to Create Cluster Migration Policy", `hosts = ["kvm1", "kvm2", ]`,
				"The copy on kvm2 exists and differs: max_downtime_ms is 900, declared 500.", "It says "+other+".",
				`terraform import virt_cluster_migration_policy.NAME compute`, "`virsh secret-undefine "+clusterSecret+"` on kvm2"),
		},
		resource.TestStep{ // nothing was written, and an unreadable one is no better
			PreConfig: func() {
				requireHostRecord(t, clusterSecret, "", kvm1)
				setHostRecord(t, clusterSecret, "nothing", kvm2)
			},
			Config: config,
			ExpectError: sayingAll("Unable to Create Cluster Migration Policy",
				`The cluster record on kvm2 cannot be read: the record is not a JSON object: nothing. To let Terraform write it anew, remove it: `, "`virsh secret-undefine "+clusterSecret+"` on kvm2"),
		},
		resource.TestStep{ // an equal one is adopted
			PreConfig: func() {
				setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":500}`, kvm2)
			},
			Config: config,
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":500}`, kvm1, kvm2)
			},
		},
	)
}

// TestAccClusterPolicy_held takes a host that is in another cluster, which the
// same apply may or may not let go.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_held(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	held := sayingAll("Unable to Create Cluster Migration Policy", `hosts = ["kvm1", "kvm2", ]`,
		`Host kvm2 is in cluster "batch". A host is in one cluster only. Remove it from the hosts of "batch" first; if that happens in the same apply, make this resource depend on that one (depends_on), or, where the two exchange hosts, run Terraform with a -parallelism of at least 2.`)
	acceptance(t,
		resource.TestStep{
			PreConfig:   func() { setHostRecord(t, clusterSecret, batchRecord, kvm2) },
			Config:      clusterPolicyOf(t, "compute", ``, "kvm1", "kvm2"),
			ExpectError: held,
		},
		resource.TestStep{
			PreConfig: func() {
				requireHostRecord(t, clusterSecret, "", kvm1)
				requireHostRecord(t, clusterSecret, batchRecord, kvm2)
			},
			Config: clusterPolicyOf(t, "compute", ``, "kvm1"),
		},
		resource.TestStep{ // as an update, it is the same
			Config:      clusterPolicyOf(t, "compute", `auto_converge = true`, "kvm1", "kvm2"),
			ExpectError: sayingAll("Unable to Update Cluster Migration Policy", `Host kvm2 is in cluster "batch".`),
		},
		resource.TestStep{ // and so it is where the plan could not see that: Terraform plans again in the apply
			PreConfig: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm1)
				removeHostRecord(t, clusterSecret, kvm2)
			},
			Config: clusterPolicyOf(t, "compute", `auto_converge = true`, "kvm1", "kvm2"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				afterPlan(func() { setHostRecord(t, clusterSecret, batchRecord, kvm2) }),
			}},
			ExpectError: sayingAll("Unable to Update Cluster Migration Policy", `Host kvm2 is in cluster "batch".`),
		},
		resource.TestStep{ // nothing was written anywhere
			PreConfig: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm1)
				requireHostRecord(t, clusterSecret, batchRecord, kvm2)
			},
			Config: clusterPolicyOf(t, "compute", `auto_converge = true`, "kvm1"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate,
				expectBefore(clusterPolicy, tfjsonpath.New("hosts"), hostsExactly("kvm1")),
				plancheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("drift"), noDrift),
			),
			ConfigStateChecks: []statecheck.StateCheck{expectHosts(clusterPolicy, "kvm1")},
		},
		resource.TestStep{ // removal takes away its own name only
			Config:        labProvider(t).String(),
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, batchRecord, kvm2) },
		},
	)
}

// afterPlan is what happens between a plan and its apply.
type afterPlan func()

func (do afterPlan) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	do()
}

const twoClustersBody = `
resource "virt_cluster_migration_policy" "cluster" {
  name  = "compute"
  hosts = [{{ printf "%q" .Compute }}]
}

resource "virt_cluster_migration_policy" "batch" {
  name  = "batch"
  hosts = [{{ printf "%q" .Batch }}]
}
`

// TestAccClusterPolicy_swap lets two clusters exchange their hosts in one apply:
// each lets go before it takes.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_swap(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	type hosts struct{ Compute, Batch string }
	acceptance(t,
		resource.TestStep{Config: configuration(t, twoClustersBody, hosts{"kvm1", "kvm2"})},
		resource.TestStep{
			Config:           configuration(t, twoClustersBody, hosts{"kvm2", "kvm1"}),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate),
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, world.Host("kvm2"))
				requireHostRecord(t, clusterSecret, batchRecord, world.Host("kvm1"))
			},
		},
		resource.TestStep{ // one cluster ends, and a new one takes its host
			Config: configuration(t, `
resource "virt_cluster_migration_policy" "cluster" {
  name  = "compute"
  hosts = ["kvm2"]
}

resource "virt_cluster_migration_policy" "heir" {
  name       = "heir"
  hosts      = ["kvm1"]
}
`, nil),
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"heir"}`, world.Host("kvm1"))
			},
		},
	)
}

// TestAccClusterPolicy_renameUnfinished renames a cluster while one of its hosts
// is down, and finishes that later.
// It runs alone: cluster records are one per host.
func TestAccClusterPolicy_renameUnfinished(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	down := labProvider(t).without("kvm2")
	down.Unreachable = "warn"
	renamed := func(p providerBlock, name string) string {
		return p.with(t, clusterPolicyBody, clusterPolicyData{name, ``, []string{"kvm1", "kvm2"}})
	}
	acceptance(t,
		resource.TestStep{Config: renamed(labProvider(t), "compute")},
		resource.TestStep{
			Config:      renamed(down, "batch"),
			ExpectError: sayingAll("Unable to Update Cluster Migration Policy", `The record was not written to "kvm2". The change was made on "kvm1".`),
		},
		resource.TestStep{ // and once more, so that two former names are about
			PreConfig: func() {
				requireHostRecord(t, clusterSecret, batchRecord, kvm1)
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm2)
			},
			Config:      renamed(down, "third"),
			ExpectError: sayingAll("Unable to Update Cluster Migration Policy", `The record was not written to "kvm2". The change was made on "kvm1".`),
		},
		resource.TestStep{
			Config:           renamed(labProvider(t), "third"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate),
			PostApplyFunc:    func() { requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"third"}`, kvm1, kvm2) },
		},
	)
}

// without is the provider configuration in which the named host cannot be
// reached: nothing listens on that port.
func (b providerBlock) without(name string) providerBlock {
	hosts := map[string]hostBlock{}
	for n, h := range b.Hosts {
		hosts[n] = h
	}
	hosts[name] = hostBlock{URI: "qemu+tcp://" + refusing + "/system"}
	b.Hosts = hosts
	return b
}

// refusing is an address of the lab's network at which nothing listens.
const refusing = "10.77.0.11:9"
