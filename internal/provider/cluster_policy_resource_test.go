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

const clusterPolicy = "virt_cluster_migration_policy.cluster"

const clusterPolicyBody = `
resource "virt_cluster_migration_policy" "cluster" {
  name  = {{ printf "%q" .Name }}
  hosts = [{{ range .Hosts }}{{ printf "%q" . }}, {{ end }}]
  {{ .Policy }}
}
`

type clusterPolicyData struct {
	Name, Policy string
	Hosts        []string
}

func clusterPolicyOf(t *testing.T, name, policy string, hosts ...string) string {
	t.Helper()
	return configuration(t, clusterPolicyBody, clusterPolicyData{name, policy, hosts})
}

func expectHosts(address string, names ...string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New("hosts"), hostsExactly(names...))
}

func hostsExactly(names ...string) knownvalue.Check {
	checks := make([]knownvalue.Check, len(names))
	for i, name := range names {
		checks[i] = knownvalue.StringExact(name)
	}
	return knownvalue.SetExact(checks)
}

func planActs(address string, action plancheck.ResourceActionType, more ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: append(more, plancheck.ExpectResourceAction(address, action))}
}

func plansNothing() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

// TestAccClusterPolicy_lifecycle runs alone: cluster records are one per host.
func TestAccClusterPolicy_lifecycle(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	acceptance(t,
		resource.TestStep{
			Config:           clusterPolicyOf(t, "compute", `auto_converge = true`, "kvm1"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionCreate, plancheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("id"), knownvalue.StringExact("compute"))),
			ConfigStateChecks: []statecheck.StateCheck{
				expectHosts(clusterPolicy, "kvm1"),
				statecheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("auto_converge"), knownvalue.Bool(true)),
				statecheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("compression"), knownvalue.Null()),
			},
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","auto_converge":true}`, kvm1)
				requireHostRecord(t, clusterSecret, "", kvm2)
			},
		},
		resource.TestStep{ // a host joins, and every field is set
			Config:           clusterPolicyOf(t, "compute", everyField, "kvm1", "kvm2"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				expectHosts(clusterPolicy, "kvm1", "kvm2"),
				statecheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("timeout"), knownvalue.StringExact("90s")),
			},
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, ofCluster("compute", everyRecord), kvm1, kvm2) },
		},
		resource.TestStep{Config: clusterPolicyOf(t, "compute", everyField, "kvm2", "kvm1"), ConfigPlanChecks: plansNothing()},
		resource.TestStep{ // renaming is in place
			Config: clusterPolicyOf(t, "batch", everyField, "kvm1", "kvm2"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate,
				plancheck.ExpectKnownValue(clusterPolicy, tfjsonpath.New("id"), knownvalue.StringExact("batch"))),
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, ofCluster("batch", everyRecord), kvm1, kvm2) },
		},
		resource.TestStep{ // a host leaves, while the policy and the name change
			Config:           clusterPolicyOf(t, "compute", ``, "kvm2"),
			ConfigPlanChecks: planActs(clusterPolicy, plancheck.ResourceActionUpdate),
			PostApplyFunc: func() {
				requireHostRecord(t, clusterSecret, "", kvm1)
				requireHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm2)
			},
		},
		resource.TestStep{
			Config:        labProvider(t).String(),
			PostApplyFunc: func() { requireHostRecord(t, clusterSecret, "", kvm1, kvm2) },
		},
	)
}

// ofCluster is a record with the member that names its cluster.
func ofCluster(name, record string) string {
	const head = `{"version":1,`
	return head + `"cluster":"` + name + `",` + record[len(head):]
}

// TestAccClusterPolicy_import runs alone: cluster records are one per host.
func TestAccClusterPolicy_import(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	const record = `{"version":1,"cluster":"compute","max_downtime_ms":400}`
	const changed = `{"version":1,"cluster":"compute","max_downtime_ms":500}`
	acceptance(t,
		resource.TestStep{Config: clusterPolicyOf(t, "compute", everyField, "kvm1", "kvm2")},
		resource.TestStep{
			ResourceName: clusterPolicy, ImportState: true, ImportStateId: "compute",
			ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeout"}, // in its canonical spelling
		},
		resource.TestStep{ResourceName: clusterPolicy, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: "compute"},
		resource.TestStep{
			ResourceName: clusterPolicy, ImportState: true, ImportStateId: "batch",
			ExpectError: sayingAll("Unable to Import Cluster Migration Policy", `None of the hosts "kvm1", "kvm2" has a record of cluster "batch".`),
		},
		resource.TestStep{ // copies that differ: of as many, that of the first host by name
			PreConfig: func() {
				setHostRecord(t, clusterSecret, record, world.Host("kvm1"))
				setHostRecord(t, clusterSecret, changed, world.Host("kvm2"))
			},
			ResourceName: clusterPolicy, ImportState: true, ImportStateId: "compute",
			ImportStateCheck: importedAs(map[string]string{"max_downtime_ms": "400", "hosts.#": "1", "hosts.0": "kvm1"}),
		},
	)
}

// TestAccClusterPolicy_identity runs alone: cluster records are one per host.
func TestAccClusterPolicy_identity(t *testing.T) {
	withoutHostRecords(t)
	acceptanceWithIdentity(t,
		resource.TestStep{
			Config: clusterPolicyOf(t, "compute", everyField, "kvm1", "kvm2"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(clusterPolicy, map[string]knownvalue.Check{"name": knownvalue.StringExact("compute")}),
			},
		},
		resource.TestStep{ResourceName: clusterPolicy, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		resource.TestStep{ // the identity follows the name
			Config: clusterPolicyOf(t, "batch", everyField, "kvm1", "kvm2"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(clusterPolicy, map[string]knownvalue.Check{"name": knownvalue.StringExact("batch")}),
			},
		},
	)
}
