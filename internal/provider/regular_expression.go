package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
)

// regularExpression requires a text to be one.
type regularExpression struct{}

func (regularExpression) Description(context.Context) string { return "must be a regular expression" }

func (v regularExpression) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (regularExpression) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := regexp.Compile(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(failed(explain.InvalidRegularExpression(err), req.Path))
	}
}

// matching tells whether a name matches; every name does where there is no expression.
func matching(expression types.String) func(name string) bool {
	if expression.IsNull() {
		return func(string) bool { return true }
	}
	compiled, err := regexp.Compile(expression.ValueString())
	return func(name string) bool { return err == nil && compiled.MatchString(name) }
}
