package bench

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var (
	//go:embed policies.tf
	policiesConfiguration string
	// floorConfiguration has Terraform's own resource for each VM: no provider can be faster.
	//
	//go:embed floor.tf
	floorConfiguration string
)

// floor is the workspace without a provider.
const floor = "floor"

// runTimeout bounds one run of Terraform.
const runTimeout = 30 * time.Minute

// workspace is a directory in which Terraform manages the policies of a fleet with one of the providers.
type workspace struct {
	name, directory string
	terraform       string
	environment     []string
	// Variables are those of the configuration.
	variables variables
}

type variables struct {
	Hosts         map[string]hostVariable `json:"hosts"`
	VMs           []string                `json:"vms"`
	MaxDowntimeMS int                     `json:"max_downtime_ms"`
}

type hostVariable struct {
	URI string `json:"uri"`
}

// newWorkspace makes a directory for a provider, or the floor, without hosts and VMs.
func (b *Bench) newWorkspace(name string) (*workspace, error) {
	directory, err := os.MkdirTemp(b.Kit.Directory, "workspace-"+name+"-")
	if err != nil {
		return nil, err
	}
	configuration := policiesConfiguration
	if name == floor {
		configuration = floorConfiguration
	}
	config, err := b.Kit.cliConfig(name)
	if err != nil {
		return nil, err
	}
	return &workspace{
		name: name, directory: directory, terraform: b.Kit.Terraform,
		environment: []string{"TF_CLI_CONFIG_FILE=" + config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1"},
		variables:   variables{Hosts: map[string]hostVariable{}, MaxDowntimeMS: 300},
	}, os.WriteFile(filepath.Join(directory, "main.tf"), []byte(configuration), 0o600)
}

func (w *workspace) remove() { os.RemoveAll(w.directory) }

// apply makes or changes all policies, destroy removes them, plan finds nothing to change, or it is an error.
func (w *workspace) apply(ctx context.Context) (time.Duration, error) {
	return w.run(ctx, "apply", "-auto-approve", "-no-color", "-input=false")
}

func (w *workspace) destroy(ctx context.Context) (time.Duration, error) {
	return w.run(ctx, "destroy", "-auto-approve", "-no-color", "-input=false")
}

func (w *workspace) plan(ctx context.Context) (time.Duration, error) {
	return w.run(ctx, "plan", "-detailed-exitcode", "-no-color", "-input=false")
}

// run runs Terraform and returns how long it took.
func (w *workspace) run(ctx context.Context, arguments ...string) (time.Duration, error) {
	given, err := json.Marshal(w.variables)
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(w.directory, "terraform.tfvars.json"), given, 0o600); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, w.terraform, arguments...)
	cmd.Dir, cmd.Env = w.directory, append(os.Environ(), w.environment...)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	started := time.Now()
	err = cmd.Run()
	took := time.Since(started)
	if err = errors.Join(err, ctx.Err()); err != nil {
		text := strings.TrimSpace(printed.String())
		return 0, fmt.Errorf("terraform %s with the provider %s: %w\n%s", arguments[0], w.name, err, text[max(0, len(text)-4000):])
	}
	return took, nil
}
