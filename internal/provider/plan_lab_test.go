//go:build lab

package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// labProtocol is a run of the provider with two of the lab's hosts, and other ones, configured.
func labProtocol(t *testing.T, unreachable string, others map[string]string) protocol {
	t.Helper()
	p := newProtocol(t)
	hosts := map[string]map[string]string{}
	for _, h := range pair(t) {
		hosts[h.Name] = map[string]string{"uri": h.URI}
	}
	for name, uri := range others {
		hosts[name] = map[string]string{"uri": uri}
	}
	diagnostics := p.configureWith(t, hosts, attributes{"unreachable_hosts": text(unreachable)})
	if len(diagnostics) > 0 {
		t.Fatalf("configured: %s", texts(diagnostics))
	}
	return p
}

// created plans the creation of a resource.
func (p protocol) created(t *testing.T, resource string, config attributes) []*tfprotov6.Diagnostic {
	t.Helper()
	schema := p.schema.ResourceSchemas[resource]
	object := schema.ValueType().(tftypes.Object) //nolint:forcetypeassert // the schema says so
	proposed := maps.Clone(config)
	for _, attribute := range schema.Block.Attributes {
		if _, configured := config[attribute.Name]; !configured && attribute.Computed {
			proposed[attribute.Name] = tftypes.NewValue(object.AttributeTypes[attribute.Name], tftypes.UnknownValue)
		}
	}
	none, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resource, PriorState: &none, Config: value(t, schema, config), ProposedNewState: value(t, schema, proposed),
	})
	if err != nil {
		t.Error(err)
		return nil
	}
	return resp.Diagnostics
}

// acted plans an action.
func (p protocol) acted(t *testing.T, config attributes) []*tfprotov6.Diagnostic {
	t.Helper()
	const action = "virt_vm_live_migration"
	resp, err := p.server.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{
		ActionType: action, Config: value(t, p.schema.ActionSchemas[action].Schema, config),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// requireDiagnostic wants one diagnostic: of a severity, on an attribute, which says all
// the words.
func requireDiagnostic(t *testing.T, got []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity, at string, words ...string) {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("%d diagnostics, want one: %s", len(got), texts(got))
	}
	path := ""
	if steps := got[0].Attribute.Steps(); len(steps) > 0 {
		path = fmt.Sprint(steps[0])
	}
	if got[0].Severity != severity || path != at {
		t.Errorf("want %s on %q, got %s on %q", severity, at, got[0].Severity, path)
	}
	for _, word := range words {
		if !strings.Contains(got[0].Summary+": "+got[0].Detail, word) {
			t.Errorf("it does not say %q: %s", word, texts(got))
		}
	}
}

const (
	failure = tfprotov6.DiagnosticSeverityError
	warning = tfprotov6.DiagnosticSeverityWarning
)

// TestPlanOfCreationLooksAtHosts plans what the apply would refuse: certain refusals are
// errors in the plan, on the attribute at fault, and uncertain ones are warnings.
// It runs alone: host-level records are one per host.
func TestPlanOfCreationLooksAtHosts(t *testing.T) { //nolint:paralleltest // host-level records are one per host
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	unreadable := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	small := world.StartGuest(t, lab.GuestSpec{Bare: true})
	setVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":900}`, "config")
	setVMRecord(t, kvm1, unreadable.Name, "nonsense", "config")
	setHostRecord(t, globalSecret, `{"version":1,"auto_converge":true}`, kvm1)
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","max_downtime_ms":900}`, kvm1)
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"batch"}`, kvm2)
	const (
		vm, cluster, global = "virt_vm_migration_policy", "virt_cluster_migration_policy", "virt_migration_global_settings"
		move                = "virt_vm_live_migration"
	)
	silent := map[string]string{"kvm3": "qemu+tcp://" + refusing + "/system"}
	twin := map[string]string{"kvmA": kvm1.URI}
	for name, test := range map[string]struct {
		unreachable string
		others      map[string]string
		resource    string
		config      attributes
		severity    tfprotov6.DiagnosticSeverity
		at          string
		words       []string
	}{
		"a VM that no host has": {
			"error", nil, vm,
			attributes{"vm": text("nobody")},
			warning, "vm",
			[]string{"VM Not Found", `When this plan was made, no host had a VM "nobody"`},
		},
		"the move of a VM that no host has": {
			"error", nil, move, attributes{"vm": text("nobody"), "destination": text("kvm2")}, warning, "vm", []string{"VM Not Found"},
		},
		"the action of a VM that no host has": {
			"error", nil, "", attributes{"vm": text("nobody"), "destination": text("kvm2")}, warning, "vm", []string{"VM Not Found"},
		},
		"the move of a VM that cannot be measured, with a forecast": {
			"error", nil, move,
			attributes{"vm": text(small.Name), "destination": text("kvm2"), "forecast": text("warn")},
			warning, "",
			[]string{"Move Not Forecast", "nothing could be forecast of the move of VM " + small.Name + " from kvm1 to kvm2", "The guest was not measured"},
		},
		"the action of a VM that cannot be measured, with a forecast": {
			"error", nil, "",
			attributes{"vm": text(small.Name), "destination": text("kvm2"), "forecast": text("require")},
			warning, "",
			[]string{"Move Not Forecast", "The guest was not measured: QEMU does not sample the pages"},
		},
		"a VM with another record": {
			"error", nil, vm,
			attributes{"vm": text(guest.Name), "max_downtime_ms": number(500)},
			failure, "vm",
			[]string{"exists and differs: max_downtime_ms is 900, declared 500", "terraform import virt_vm_migration_policy.NAME " + guest.UUID},
		},
		"a VM with an unreadable record": {
			"error", nil, vm, attributes{"vm": text(unreadable.Name)}, failure, "vm", []string{"cannot be read", "virsh metadata"},
		},
		"settings that differ": {
			"error", nil, global,
			attributes{"hosts": names("kvm1")},
			failure, "hosts",
			[]string{"exists and differs: auto_converge is true, declared false", "terraform import virt_migration_global_settings.NAME global"},
		},
		"a cluster that differs": {
			"error", nil, cluster,
			attributes{"name": text("compute"), "hosts": names("kvm1")},
			failure, "hosts",
			[]string{"exists and differs: max_downtime_ms is 900", `terraform import virt_cluster_migration_policy.NAME compute`},
		},
		"a host in another cluster": {
			"error", nil, cluster,
			attributes{"name": text("third"), "hosts": names("kvm2")},
			failure, "hosts",
			[]string{"Unable to Create Cluster Migration Policy", `Host kvm2 is in cluster "batch"`, "depends_on"},
		},
		"a host that is down": {
			"error", silent, cluster, attributes{"name": text("third"), "hosts": names("kvm3")}, failure, "hosts", []string{"kvm3", "connection refused"},
		},
		"a host that is down, with a warning": {
			"warn", silent, cluster,
			attributes{"name": text("third"), "hosts": names("kvm3")},
			warning, "",
			[]string{"Host Unreachable", "connection refused", "fails while the host cannot be reached"},
		},
		"settings for a host that is down": {
			"error", silent, global, attributes{"hosts": names("kvm3")}, failure, "hosts", []string{"kvm3", "connection refused"},
		},
		"settings for one host under two names": {
			"error", twin, global,
			attributes{"hosts": names("kvm1", "kvmA")},
			failure, "hosts",
			[]string{`The hosts "kvm1", "kvmA" are one and the same libvirt host`, "Leave one of the two out"},
		},
		"a cluster of one host under two names": {
			"error", twin, cluster, attributes{"name": text("third"), "hosts": names("kvm1", "kvmA")}, failure, "hosts", []string{"one and the same libvirt host"},
		},
		"a host that there is not": {
			"error", nil, cluster, attributes{"name": text("third"), "hosts": names("kvm9")}, failure, "hosts", []string{"Invalid Host", `no host "kvm9"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := labProtocol(t, test.unreachable, test.others)
			got := p.acted
			if test.resource != "" {
				got = func(t *testing.T, config attributes) []*tfprotov6.Diagnostic {
					return p.created(t, test.resource, config)
				}
			}
			requireDiagnostic(t, got(t, test.config), test.severity, test.at, test.words...)
		})
	}
}

// TestPlanFindsRecordsOfTwoResources plans resources that want the same record: the second
// is refused.
// It runs alone: host-level records are one per host.
func TestPlanFindsRecordsOfTwoResources(t *testing.T) { //nolint:paralleltest // host-level records are one per host
	withoutHostRecords(t)
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	type planned struct {
		resource string
		config   attributes
	}
	for name, test := range map[string]struct {
		first, second planned
		at            string
		words         []string
	}{
		"a VM by name and by UUID": {
			planned{"virt_vm_migration_policy", attributes{"vm": text(guest.Name)}},
			planned{"virt_vm_migration_policy", attributes{"vm": text(guest.UUID), "max_downtime_ms": number(5)}},
			"vm",
			[]string{"Conflicting VM Policies", guest.Name, guest.UUID},
		},
		"a VM that is still to be created": {
			planned{"virt_vm_migration_policy", attributes{"vm": text("nobody")}},
			planned{"virt_vm_migration_policy", attributes{"vm": text("nobody")}},
			"vm",
			[]string{"Conflicting VM Policies", "nobody"},
		},
		"two clusters": {
			planned{"virt_cluster_migration_policy", attributes{"name": text("a"), "hosts": names("kvm1")}},
			planned{"virt_cluster_migration_policy", attributes{"name": text("b"), "hosts": names("kvm1", "kvm2")}},
			"hosts",
			[]string{"Host in Two Clusters", `host "kvm1" in cluster "b"`, `in cluster "a"`},
		},
		"two settings": {
			planned{"virt_migration_global_settings", attributes{}},
			planned{"virt_migration_global_settings", attributes{"auto_converge": boolean(true)}},
			"hosts",
			[]string{"Conflicting Global Settings", `for hosts "kvm1", "kvm2", too`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := labProtocol(t, "error", nil)
			for _, d := range p.created(t, test.first.resource, test.first.config) {
				if d.Severity == failure {
					t.Errorf("the first is refused: %s", texts([]*tfprotov6.Diagnostic{d}))
				}
			}
			requireDiagnostic(t, p.created(t, test.second.resource, test.second.config), failure, test.at, test.words...)
		})
	}
}

// TestPlanOfJoiningHostLooksAtIt plans updates that add a host: one that is in a cluster
// which the same plan takes it from is no error, in whatever order the two are planned.
// It runs alone: cluster records are one per host.
func TestPlanOfJoiningHostLooksAtIt(t *testing.T) {
	withoutHostRecords(t)
	kvm1, kvm2 := testLab(t).Hosts[0], testLab(t).Hosts[1]
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm1)
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"batch"}`, kvm2)
	setHostRecord(t, globalSecret, `{"version":1,"auto_converge":true}`, kvm2)
	const cluster, global = "virt_cluster_migration_policy", "virt_migration_global_settings"
	of := func(name string, hosts ...string) attributes {
		return attributes{"id": text(name), "name": text(name), "hosts": names(hosts...), "owner": text(name + "-owner"), "drift": noDrifts}
	}
	private := func(name string) string { return fmt.Sprintf(`{"owner":"%s-owner"}`, name) }
	change := func(t *testing.T, p protocol, name, from string, to ...string) []*tfprotov6.Diagnostic {
		return p.updated(t, cluster, of(name, from), attributes{"name": text(name), "hosts": names(to...)}, private(name)).Diagnostics
	}
	t.Run("kept by another state", func(t *testing.T) {
		t.Parallel()
		p := labProtocol(t, "error", nil)
		requireDiagnostic(t, change(t, p, "compute", "kvm1", "kvm1", "kvm2"), failure, "hosts",
			"Unable to Update Cluster Migration Policy", `Host kvm2 is in cluster "batch"`)
	})
	t.Run("exchanged", func(t *testing.T) {
		t.Parallel()
		p := labProtocol(t, "error", nil)
		var plans sync.WaitGroup
		for name, hosts := range map[string][2]string{"compute": {"kvm1", "kvm2"}, "batch": {"kvm2", "kvm1"}} {
			plans.Go(func() {
				if got := change(t, p, name, hosts[0], hosts[1]); len(got) > 0 {
					t.Errorf("%s: %s", name, texts(got))
				}
			})
		}
		plans.Wait()
	})
	t.Run("given up by a cluster that ends", func(t *testing.T) {
		t.Parallel()
		p := labProtocol(t, "error", nil)
		var plans sync.WaitGroup
		plans.Go(func() {
			if got := change(t, p, "compute", "kvm1", "kvm1", "kvm2"); len(got) > 0 {
				t.Errorf("compute: %s", texts(got))
			}
		})
		plans.Go(func() {
			if got := p.destroyed(t, cluster, of("batch", "kvm2"), private("batch")); len(got) > 0 {
				t.Errorf("batch: %s", texts(got))
			}
		})
		plans.Wait()
	})
	t.Run("settings that differ there", func(t *testing.T) {
		t.Parallel()
		p := labProtocol(t, "error", nil)
		state := attributes{"id": text("global"), "hosts": names("kvm1"), "owner": text("o"), "drift": noDrifts}
		got := p.updated(t, global, state, attributes{"hosts": names("kvm1", "kvm2")}, private("settings")).Diagnostics
		requireDiagnostic(t, got, failure, "hosts", "Unable to Update Global Migration Settings", "exists and differs", "remove it: `virsh secret-undefine")
	})
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		p := labProtocol(t, "error", map[string]string{"kvm3": "qemu+tcp://" + refusing + "/system"})
		requireDiagnostic(t, change(t, p, "compute", "kvm1", "kvm1", "kvm3"), failure, "hosts", "connection refused")
	})
}

// TestPlanOfMoveOfGoneVM plans the move of a managed VM that has gone since it was read, as
// when Terraform plans again in the apply: what the first plan knew cannot become unknown.
func TestPlanOfMoveOfGoneVM(t *testing.T) {
	t.Parallel()
	const uuid = "00000000-0000-4000-8000-00000000d1ed"
	state := attributes{
		"id": text(uuid), "uuid": text(uuid), "vm": text("died"), "destination": text("kvm1"), "mode": text("auto"), "if_shut_off": text("error"),
	}
	config := attributes{"vm": text("died"), "destination": text("kvm2"), "mode": text("auto"), "if_shut_off": text("error")}
	p := labProtocol(t, "error", nil)
	requireDiagnostic(t, p.updated(t, "virt_vm_live_migration", state, config, `{}`).Diagnostics, failure, "vm",
		"Unable to Plan VM Migration", "No host has a VM", uuid)
}

// noDrifts is the attribute "drift" of records in sync.
var noDrifts = tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{})

// destroyed plans the end of a resource.
func (p protocol) destroyed(t *testing.T, resource string, state attributes, private string) []*tfprotov6.Diagnostic {
	t.Helper()
	schema := p.schema.ResourceSchemas[resource]
	none, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		t.Error(err)
		return nil
	}
	resp, err := p.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resource, PriorPrivate: privateState(t, private),
		PriorState: value(t, schema, state), Config: &none, ProposedNewState: &none,
	})
	if err != nil {
		t.Error(err)
		return nil
	}
	return resp.Diagnostics
}
