package provider_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attributes = map[string]tftypes.Value

// updated plans a change from state to config, as Terraform proposes it: what the
// configuration leaves out and the provider computes stays.
func (p protocol) updated(t *testing.T, resource string, state, config attributes, private string) *tfprotov6.PlanResourceChangeResponse {
	t.Helper()
	schema := p.schema.ResourceSchemas[resource]
	proposed := maps.Clone(config)
	for _, attribute := range schema.Block.Attributes {
		if _, configured := config[attribute.Name]; !configured && attribute.Computed && state[attribute.Name].Type() != nil {
			proposed[attribute.Name] = state[attribute.Name]
		}
	}
	resp, err := p.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resource, PriorPrivate: privateState(t, private),
		PriorState: value(t, schema, state), Config: value(t, schema, config), ProposedNewState: value(t, schema, proposed),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// privateState is a private state with the memory of an instance in it.
func privateState(t *testing.T, memory string) []byte {
	t.Helper()
	document, err := json.Marshal(map[string][]byte{"memory": []byte(memory)})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// planned are the given attributes of a plan.
func (p protocol) planned(t *testing.T, resource string, resp *tfprotov6.PlanResourceChangeResponse, of attributes) attributes {
	t.Helper()
	state, err := resp.PlannedState.Unmarshal(p.schema.ResourceSchemas[resource].ValueType())
	if err != nil {
		t.Fatal(err)
	}
	all, got := attributes{}, attributes{}
	if err := state.As(&all); err != nil {
		t.Fatal(err)
	}
	for name := range of {
		got[name] = all[name]
	}
	return got
}

const owned = `{"owner":"6d696772-6174-4e00-8000-676c6f62616c","hosts":["1 kvm1","2 kvm2"]}`

// TestHostRecordsPlanUpdates plans updates of records that hosts carry. That asks no
// host.
func TestHostRecordsPlanUpdates(t *testing.T) {
	t.Parallel()
	const cluster, global = "virt_cluster_migration_policy", "virt_migration_global_settings"
	owner := text("6d696772-6174-4e00-8000-676c6f62616c")
	of := func(id string, hosts tftypes.Value, more attributes) attributes {
		state := attributes{"id": text(id), "hosts": hosts, "owner": owner}
		if id != "global" {
			state["name"] = text(id)
		}
		maps.Copy(state, more)
		return state
	}
	known := map[string]string{"kvm1": "qemu+tcp://192.0.2.1/system", "kvm2": "qemu+tcp://192.0.2.2/system"}
	unknownHosts := tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue)
	for name, test := range map[string]struct {
		resource      string
		hosts         map[string]string // of the provider; nil while they are unknown
		state, config attributes
		private       string
		want          attributes
		says          string // the one diagnostic; empty for none
	}{
		"a cluster is renamed": {
			cluster, known, of("a", names("kvm1", "kvm2"), nil),
			attributes{"name": text("b"), "hosts": names("kvm1", "kvm2")},
			owned,
			attributes{"id": text("b"), "owner": owner},
			"",
		},
		"a cluster is renamed while hosts are unknown": {
			cluster, nil, of("a", names("kvm1"), nil),
			attributes{"name": text("b"), "hosts": names("kvm1")},
			"{}",
			attributes{"id": text("b"), "owner": unknownText()},
			"",
		},
		"a cluster gets a host that there is not": {
			cluster, known, of("a", names("kvm1"), nil), attributes{"name": text("a"), "hosts": names("kvm1", "kvm9")}, owned, nil, "Invalid Host",
		},
		"a host leaves that had drifted": {
			cluster, known, of("a", names("kvm1"), nil),
			attributes{"name": text("a"), "hosts": names("kvm1")},
			owned,
			attributes{"id": unknownText(), "owner": owner},
			"Record Left Behind",
		},
		"an imported one is changed": {
			cluster, known, of("a", names("kvm1", "kvm2"), nil),
			attributes{"name": text("a"), "hosts": names("kvm1", "kvm2"), "max_downtime_ms": number(1)},
			strings.Replace(owned, "{", `{"imported":"6d696772-6174-4e00-8000-676c6f62616d",`, 1),
			attributes{"owner": unknownText()},
			"",
		},
		"the settings are for all hosts": {
			global, known, of("global", names("kvm1"), nil),
			attributes{"max_downtime_ms": number(1)},
			owned,
			attributes{"id": text("global"), "hosts": names("kvm1", "kvm2")},
			"",
		},
		"the settings tune a feature that they leave out": {
			global, known, of("global", names("kvm1", "kvm2"), nil), attributes{"auto_converge_initial": number(30)}, owned, attributes{"id": text("global")}, "",
		},
		"the settings are for one host": {
			global, known, of("global", names("kvm1", "kvm2"), nil),
			attributes{"hosts": names("kvm1")},
			owned,
			attributes{"id": text("global"), "hosts": names("kvm1")},
			"",
		},
		"the settings are for all hosts, which are unknown": {
			global, nil, of("global", names("kvm1"), nil),
			attributes{"max_downtime_ms": number(1)},
			owned,
			attributes{"id": text("global"), "hosts": unknownHosts, "owner": owner},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProtocol(t)
			if test.hosts != nil {
				if faults := p.configure(t, test.hosts); len(faults) > 0 {
					t.Fatal(texts(faults))
				}
			}
			resp := p.updated(t, test.resource, test.state, test.config, test.private)
			var said []string
			for _, d := range resp.Diagnostics {
				said = append(said, d.Summary)
			}
			if strings.Join(said, "; ") != test.says {
				t.Errorf("it says %s, want %q", texts(resp.Diagnostics), test.says)
			}
			if test.want == nil {
				return
			}
			if diff := cmp.Diff(test.want, p.planned(t, test.resource, resp, test.want)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// TestImportNeedsHosts imports while the provider's hosts are unknown.
func TestImportNeedsHosts(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	for resource := range p.schema.ResourceSchemas {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			resp, err := p.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: resource, ID: "global"})
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(texts(resp.Diagnostics), "; ")
			if len(resp.Diagnostics) != 1 || !strings.Contains(said, "Unable to Import ") || !strings.Contains(said, "is not known yet") {
				t.Errorf("it says %s", said)
			}
		})
	}
}
