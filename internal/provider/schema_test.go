package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestSchema_names has the names that configurations rely on.
func TestSchema_names(t *testing.T) {
	t.Parallel()
	schema := newProtocol(t).schema
	for kind, test := range map[string]struct{ got, want []string }{
		"resources": {
			slices.Sorted(maps.Keys(schema.ResourceSchemas)),
			[]string{"virt_cluster_migration_policy", "virt_host_maintenance", "virt_migration_global_settings", "virt_vm_live_migration", "virt_vm_migration_policy"},
		},
		"data sources": {
			slices.Sorted(maps.Keys(schema.DataSourceSchemas)),
			[]string{"virt_effective_migration_policy", "virt_hosts", "virt_migration_destinations", "virt_migration_forecast", "virt_migration_preflight", "virt_vm_migration_history", "virt_vms"},
		},
		"actions": {slices.Sorted(maps.Keys(schema.ActionSchemas)), []string{"virt_host_evacuation", "virt_vm_live_migration", "virt_vm_postcopy_recovery"}},
		"list resources": {
			slices.Sorted(maps.Keys(schema.ListResourceSchemas)),
			[]string{"virt_cluster_migration_policy", "virt_migration_global_settings", "virt_vm_live_migration", "virt_vm_migration_policy"},
		},
		"functions": {slices.Sorted(maps.Keys(schema.Functions)), []string{"decode_policy_record", "effective_policy"}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// TestSchema_identities has what each resource is known by, beside its state.
func TestSchema_identities(t *testing.T) {
	t.Parallel()
	identities, err := newProtocol(t).server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for resource, schema := range identities.IdentitySchemas {
		for _, attribute := range schema.IdentityAttributes {
			got[resource] += attribute.Name
			if attribute.Description == "" || !attribute.RequiredForImport {
				t.Errorf("%s: identity attribute %s has no description, or is not required", resource, attribute.Name)
			}
		}
	}
	want := map[string]string{
		"virt_cluster_migration_policy": "name", "virt_host_maintenance": "host", "virt_migration_global_settings": "id",
		"virt_vm_live_migration": "uuid", "virt_vm_migration_policy": "uuid",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
}

// TestSchema_descriptions describes every schema and every attribute, in
// sentences.
func TestSchema_descriptions(t *testing.T) {
	t.Parallel()
	schema := newProtocol(t).schema
	all := map[string]*tfprotov6.Schema{"provider": schema.Provider}
	for name, s := range schema.ResourceSchemas {
		all["resource "+name] = s
	}
	for name, s := range schema.DataSourceSchemas {
		all["data source "+name] = s
	}
	for name, s := range schema.ActionSchemas {
		all["action "+name] = s.Schema
	}
	for name, s := range schema.ListResourceSchemas {
		all["list resource "+name] = s
	}
	for name, f := range schema.Functions {
		requireSentence(t, "function "+name, f.Description)
		for _, p := range f.Parameters {
			requireSentence(t, "function "+name+", "+p.Name, p.Description)
		}
	}
	for name, s := range all {
		requireSentence(t, name, s.Block.Description)
		requireDescriptions(t, name, s.Block.Attributes)
		for _, b := range s.Block.BlockTypes {
			if b.TypeName != "destination_changes" { // in which Terraform is to report unknown keys
				t.Errorf("%s has the block %s, where a nested attribute is meant", name, b.TypeName)
			}
			requireSentence(t, name+"."+b.TypeName, b.Block.Description)
			requireDescriptions(t, name+"."+b.TypeName, b.Block.Attributes)
		}
	}
}

func requireDescriptions(t *testing.T, of string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for _, a := range attributes {
		name := of + "." + a.Name
		requireSentence(t, name, a.Description)
		if a.NestedType != nil {
			requireDescriptions(t, name, a.NestedType.Attributes)
		}
	}
}

func requireSentence(t *testing.T, of, description string) {
	t.Helper()
	if !strings.HasSuffix(description, ".") || strings.ToUpper(description[:1]) != description[:1] {
		t.Errorf("%s is described as %q, want sentences", of, description)
	}
}
