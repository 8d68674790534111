package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// nameValidator refuses a name that is empty, or has blanks round it, which nobody sees.
// most is its largest length in bytes; 0 for none.
type nameValidator struct{ most int }

// isName says whether a configuration can call a VM so: libvirt also takes names with blanks
// round them.
func isName(name string) bool {
	return strings.TrimSpace(name) == name && !strings.ContainsFunc(name, unicode.IsControl)
}

func (nameValidator) Description(context.Context) string {
	return "a name without blanks at its beginning and end"
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	name, wrong := req.ConfigValue.ValueString(), ""
	switch {
	case name == "":
		wrong = "A name cannot be empty."
	case strings.ContainsFunc(name, unicode.IsControl):
		wrong = fmt.Sprintf("%q has a control character.", name)
	case !isName(name):
		wrong = fmt.Sprintf("%q begins or ends with a blank.", name)
	case v.most > 0 && len(name) > v.most:
		wrong = fmt.Sprintf("A name has at most %d bytes, and this one has %d.", v.most, len(name))
	}
	if wrong != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Name", wrong)
	}
}

// wordValidator refuses what is none of a few words.
type wordValidator []string

func oneOf[T ~string](words ...T) wordValidator {
	v := make(wordValidator, len(words))
	for i, word := range words {
		v[i] = string(word)
	}
	return v
}

func (v wordValidator) Description(context.Context) string { return "one of " + strings.Join(v, ", ") }

func (v wordValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v wordValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || slices.Contains(v, req.ConfigValue.ValueString()) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid Value", policy.OneOf(req.ConfigValue.ValueString(), v))
}

// someHosts refuses a collection without hosts, and one with null among them.
type someHosts struct{}

// noHosts refuses an attribute that names no host.
func noHosts(at path.Path) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Invalid Hosts",
		fmt.Sprintf("At least one host is needed. Leave %s out for the default, where there is one.", at))
}

func (someHosts) Description(context.Context) string { return "at least one host" }

func (v someHosts) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (someHosts) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if len(req.ConfigValue.Elements()) == 0 {
		resp.Diagnostics.Append(noHosts(req.Path))
	}
	for _, host := range req.ConfigValue.Elements() {
		if host.IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid Hosts", "A host among them is null. Leave it out.")
		}
	}
}

func (someHosts) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() && len(req.ConfigValue.Elements()) == 0 {
		resp.Diagnostics.Append(noHosts(req.Path))
	}
}
