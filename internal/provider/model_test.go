package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// vmPolicyState is a state of the resource with the model in it.
func vmPolicyState(t testing.TB, model *vmPolicyModel) tfsdk.State {
	t.Helper()
	var schema resource.SchemaResponse
	newVMPolicyResource().Schema(context.Background(), resource.SchemaRequest{}, &schema)
	state := tfsdk.State{Schema: schema.Schema}
	if diags := setState(context.Background(), &state, model); diags.HasError() {
		t.Fatal(diags)
	}
	return state
}

func someVMPolicy() *vmPolicyModel {
	return &vmPolicyModel{
		policyModel: policyModelOf(policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(400))}),
		VM:          types.StringValue("web"),
		ID:          types.StringUnknown(),
		Drift:       driftMap(nil),
		UnseenHosts: unseenHosts(nil),
	}
}

// What the framework's own reflection reads of a state is what was written, and the
// other way round.
func TestModelIsWhatTheFrameworkReads(t *testing.T) {
	t.Parallel()
	ctx, model := context.Background(), someVMPolicy()
	state := vmPolicyState(t, model)
	var whole types.Object
	if diags := state.Get(ctx, &whole); diags.HasError() {
		t.Fatal(diags)
	}
	for name, want := range map[string]string{
		"vm": `"web"`, "id": "<unknown>", "uuid": "<null>", "drift": "{}", "auto_converge": "true", "max_downtime_ms": "400",
		"compression": "<null>", "timeout": "<null>",
	} {
		if got := whole.Attributes()[name].String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	again := tfsdk.State{Schema: state.Schema}
	if diags := again.Set(ctx, whole); diags.HasError() {
		t.Fatal(diags)
	}
	if !again.Raw.Equal(state.Raw) {
		t.Errorf("the framework writes %s, the model is %s", again.Raw, state.Raw)
	}
	var read vmPolicyModel
	if diags := getModel(ctx, again, &read); diags.HasError() {
		t.Fatal(diags)
	}
	if !read.toPolicy().Equal(model.toPolicy()) || !read.VM.Equal(model.VM) || !read.ID.IsUnknown() || !read.Drift.Equal(model.Drift) {
		t.Errorf("read %+v, written %+v", read, model)
	}
}

func TestModelOfAnotherSchemaIsAnError(t *testing.T) {
	t.Parallel()
	state := vmPolicyState(t, someVMPolicy())
	var other struct{ policyModel }
	if diags := getModel(context.Background(), state, &other); !diags.HasError() {
		t.Error("a model without the schema's fields is read")
	}
	var mistyped struct {
		vmPolicyModel
		Other types.Int64 `tfsdk:"vm"`
	}
	if diags := getModel(context.Background(), state, &mistyped); !diags.HasError() {
		t.Error("a model with a field of another type is read")
	}
	state.Raw = tftypes.NewValue(state.Schema.Type().TerraformType(context.Background()), nil)
	var model vmPolicyModel
	if diags := getModel(context.Background(), state, &model); diags.HasError() {
		t.Errorf("no resource at all: %v", diags)
	}
}

// modelAllocations is what reading and writing a model may allocate: 80 at the time of
// writing, where the framework takes 237 for the object alone.
const modelAllocations = 100

func TestModelAllocations(t *testing.T) { //nolint:paralleltest // allocations of others would count
	ctx, model := context.Background(), someVMPolicy()
	state := vmPolicyState(t, model)
	if got := testing.AllocsPerRun(100, func() {
		_ = getModel(ctx, state, model)
		_ = setState(ctx, &state, model)
	}); got > modelAllocations {
		t.Errorf("%.0f allocations, more than %d", got, modelAllocations)
	}
}
