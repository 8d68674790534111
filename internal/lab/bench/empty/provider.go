package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// emptyProvider takes its names and schemas from the real provider.
type emptyProvider struct{ provider.Provider }

// Configure needs nothing.
func (*emptyProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

// Resources are those of the real provider, emptied.
func (p *emptyProvider) Resources(ctx context.Context) []func() resource.Resource {
	made := p.Provider.Resources(ctx)
	for i, newReal := range made {
		made[i] = func() resource.Resource { return &emptyResource{newReal()} }
	}
	return made
}
