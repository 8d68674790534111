// Package absent is what every stand-in of a remote-state backend returns.
package absent

import (
	"errors"

	"github.com/hashicorp/terraform/internal/backend"
	"github.com/hashicorp/terraform/internal/configs/configschema"
	"github.com/hashicorp/terraform/internal/tfdiags"
	"github.com/zclconf/go-cty/cty"
)

// Backend is a backend that was left out of this build. Terraform prepares the
// configuration before it uses a backend, so the error of PrepareConfig keeps
// the methods that are missing here from being called.
type Backend struct{ backend.Backend }

// ConfigSchema returns a schema without arguments.
func (Backend) ConfigSchema() *configschema.Block { return &configschema.Block{} }

// PrepareConfig fails and says why.
func (Backend) PrepareConfig(config cty.Value) (cty.Value, tfdiags.Diagnostics) {
	var diags tfdiags.Diagnostics
	return config, diags.Append(errors.New("this backend was left out of the Terraform that was built for tests"))
}
