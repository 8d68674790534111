// Command providerschema prints the schemas of the provider in the JSON form
// of `terraform providers schema -json`. The documentation generator reads
// that form, and Terraform CLIs before 1.14 leave actions out of it, so the
// documentation is built without a CLI, from what the provider itself serves.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

// address is the key of the dump. tfplugindocs looks for the provider under
// this namespace only, whatever namespace it is published in.
const address = "registry.terraform.io/hashicorp/virt"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "providerschema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	server, err := providerserver.NewProtocol6WithError(provider.New("dev")())()
	if err != nil {
		return err
	}
	schema, err := dump(ctx, server)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{address: schema},
	})
}
