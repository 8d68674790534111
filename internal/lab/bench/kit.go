package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Kit is the programs that are measured.
type Kit struct {
	// Directory is a temporary one that has a directory for each provider.
	Directory string
	// Terraform is the path of the CLI.
	Terraform string
}

// The providers, by the directories that they are in, and the packages that they are built from.
const (
	realProvider  = "virt"
	emptyProvider = "empty"
	bareProvider  = "bare"

	module = "github.com/terraform-provider-virt/terraform-provider-virt"
)

var providers = map[string]string{
	realProvider:  module,
	emptyProvider: module + "/internal/lab/bench/empty",
	bareProvider:  module + "/internal/lab/bench/bare",
}

// Pack builds the providers in a directory that is the caller's to remove.
func Pack(ctx context.Context, directory, terraform string) (Kit, error) {
	for name, program := range providers {
		binary := filepath.Join(directory, name, "terraform-provider-virt")
		build := exec.CommandContext(ctx, "go", "build", "-o", binary, program)
		if printed, err := build.CombinedOutput(); err != nil {
			return Kit{}, fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, printed)
		}
	}
	return Kit{Directory: directory, Terraform: terraform}, nil
}

// cliConfig writes a configuration of the CLI that takes one of the providers, and returns its path.
func (k Kit) cliConfig(provider string) (string, error) {
	path := filepath.Join(k.Directory, provider+".rc")
	return path, os.WriteFile(path, fmt.Appendf(nil, `provider_installation {
  dev_overrides { "terraform-provider-virt/virt" = %q }
  direct {}
}
`, filepath.Join(k.Directory, provider)), 0o600)
}
