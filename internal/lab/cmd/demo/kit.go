package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// kitVariable hands the kit, as JSON, to the same program inside the lab.
const kitVariable = "VIRT_DEMO_KIT"

// The provider's address in Terraform's registry, and the version that the mirror gives it.
const (
	module   = "github.com/terraform-provider-virt/terraform-provider-virt"
	source   = "registry.terraform.io/terraform-provider-virt/virt"
	release  = "0.0.1"
	provider = "terraform-provider-virt"
)

// kit is what the performance needs and what can only be made outside the lab.
type kit struct {
	// Directory is a temporary one; the provider is in it, laid out as a mirror that Terraform installs from.
	Directory string
	// Terraform is the path of the CLI.
	Terraform string
	// Reports is where the reports of the moves are written, and stay.
	Reports string
}

// unpack takes over what pack left in the environment.
func (k *kit) unpack(packed string) error {
	if err := json.Unmarshal([]byte(packed), k); err != nil {
		return fmt.Errorf("read %s: %w", kitVariable, err)
	}
	return nil
}

// pack finds or builds Terraform, builds the provider, and leaves in the environment where they are. What it made must
// be discarded, also after an error.
func (k *kit) pack() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var err error
	if k.Directory, err = os.MkdirTemp("", "virt-demo-"); err != nil {
		return err
	}
	if k.Reports, err = os.MkdirTemp("", "virt-demo-reports-"); err != nil {
		return err
	}
	if err := k.fill(ctx); err != nil {
		return err
	}
	packed, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return os.Setenv(kitVariable, string(packed))
}

func (k *kit) fill(ctx context.Context) error {
	root, err := output(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return err
	}
	k.Terraform, err = output(ctx, filepath.Join(root, "internal/tools/terraform/cli.sh"))
	if err != nil {
		return err
	}
	fmt.Println("Building the provider ...")
	platform := runtime.GOOS + "_" + runtime.GOARCH
	binary := filepath.Join(k.mirror(), source, release, platform, provider+"_v"+release)
	if _, err := output(ctx, "go", "build", "-o", binary, module); err != nil {
		return err
	}
	config := fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", k.mirror())
	return os.WriteFile(k.cliConfig(), config, 0o600)
}

// discard removes the kit, but for the reports; one that was never begun is nothing to remove.
func (k *kit) discard() { os.RemoveAll(k.Directory) }

// mirror holds the provider, cliConfig makes Terraform install from it, and workspace is where Terraform runs.
func (k *kit) mirror() string    { return filepath.Join(k.Directory, "mirror") }
func (k *kit) cliConfig() string { return filepath.Join(k.Directory, "terraformrc") }
func (k *kit) workspace() string { return filepath.Join(k.Directory, "workspace") }

// output runs a program and returns its standard output; what it says on standard error is shown as it comes.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return strings.TrimSpace(string(printed)), nil
}
