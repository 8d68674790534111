// Command bare is a provider with the schemas of the real one that does nothing, like the empty one, but is written on
// terraform-plugin-go alone: beside the empty one it shows what terraform-plugin-framework costs.
package main

import (
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

func main() {
	server, err := newBareServer()
	if err != nil {
		log.Fatal(err)
	}
	if err := tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer { return server }); err != nil {
		log.Fatal(err)
	}
}
