package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// TestFindingPath wants every finding on an attribute that moves have: those of each check
// of the table, and those about each policy field.
func TestFindingPath(t *testing.T) {
	t.Parallel()
	findings := map[string]migration.Finding{}
	for _, e := range preflight.Table() {
		findings[string(e.Check)] = migration.Finding{Check: e.Check, Fact: migration.OtherJob{}}
	}
	for _, d := range policy.Table() {
		if !d.At(policy.OriginRun) {
			continue
		}
		fact := preflight.PolicyConflict{Conflict: policy.Conflict{Problem: policy.Problem{Field: d.Field}}}
		findings["conflict of "+string(d.Field)] = migration.Finding{Check: preflight.CheckPolicy, Fact: fact}
	}
	var moves resource.SchemaResponse
	newLiveMigrationResource().Schema(t.Context(), resource.SchemaRequest{}, &moves)
	var invoked action.SchemaResponse
	newLiveMigrationAction().Schema(t.Context(), action.SchemaRequest{}, &invoked)
	for name, f := range findings {
		attribute := findingPath(f).String()
		_, ofResource := moves.Schema.Attributes[attribute]
		_, ofAction := invoked.Schema.GetAttributes()[attribute]
		if _, block := moves.Schema.Blocks[attribute]; block {
			ofResource = true
		}
		if _, block := invoked.Schema.GetBlocks()[attribute]; block {
			ofAction = true
		}
		if !ofResource || !ofAction {
			t.Errorf("%s: a move has no attribute %q", name, attribute)
		}
	}
}
