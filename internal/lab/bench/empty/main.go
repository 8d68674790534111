// Command empty is a provider with the schemas of the real one that does nothing: what is planned becomes the state. It
// is written on terraform-plugin-framework and served as usual, and shows what the framework and Terraform cost by
// themselves.
package main

import (
	"context"
	"log"

	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

func main() {
	serve := func() fwprovider.Provider { return &emptyProvider{provider.New("bench")()} }
	err := providerserver.Serve(context.Background(), serve, providerserver.ServeOpts{Address: provider.Address})
	if err != nil {
		log.Fatal(err)
	}
}
