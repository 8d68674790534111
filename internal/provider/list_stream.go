package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
)

// listStream gives Terraform the results of a list as they come. It holds back the last one
// that Terraform takes until it is known whether there are more: Terraform reads nothing after
// it, and a list that was cut has to say so.
type listStream struct {
	req  list.ListRequest
	push func(list.ListResult) bool

	taken int64
	last  *list.ListResult
}

// listItem is one instance of a resource in a list.
type listItem struct {
	name     string // for people
	identity identity
	value    types.String // of the identity
	// model is the instance as an import would read it; nil where nobody asks for it.
	model    policyHolder
	warnings diag.Diagnostics
}

// give takes one instance; it is false where no more are wanted.
func (s *listStream) give(ctx context.Context, item listItem) bool {
	if s.last != nil {
		s.last.Diagnostics.Append(warned(explain.ListCut(s.req.Limit))...)
		return false
	}
	result := s.req.NewListResult(ctx)
	result.DisplayName = item.name
	result.Diagnostics.Append(item.warnings...)
	result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root(item.identity.attribute), item.value)...)
	if s.req.IncludeResource {
		result.Diagnostics.Append(setResource(ctx, result.Resource, item.model)...)
	}
	if s.taken++; s.req.Limit > 0 && s.taken == s.req.Limit {
		s.last = &result
		return true
	}
	return s.push(result)
}

// warn gives warnings that belong to no instance. An error would end the list, and Terraform
// would show nothing of it: what is missing in a list is a warning.
func (s *listStream) warn(diags diag.Diagnostics) bool {
	if len(diags) == 0 {
		return true
	}
	if s.last != nil {
		s.last.Diagnostics.Append(diags...)
		return true
	}
	return s.push(list.ListResult{Diagnostics: diags})
}

// end gives what was held back.
func (s *listStream) end() {
	if s.last != nil {
		s.push(*s.last)
	}
}

// unlisted warns of what a list cannot have.
func unlisted(object string, err error) diag.Diagnostics {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return warned(explain.Unlisted(object, err))
}
