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
	"text/template"
	"time"
)

var (
	//go:embed policies.tf.tmpl
	policiesText          string
	policiesConfiguration = template.Must(template.New("policies").Parse(policiesText))
	// floorConfiguration has Terraform's own resource for each VM: no provider can be faster.
	//
	//go:embed floor.tf.tmpl
	floorText          string
	floorConfiguration = template.Must(template.New("floor").Parse(floorText))
)

// blockSize is the most VMs of one block of a configuration: for each instance that it plans, Terraform copies the
// state of all instances of its block.
const blockSize = 250

// inBlocks writes the configuration for a number of VMs.
func inBlocks(configuration *template.Template, vms int) (string, error) {
	data := struct {
		Blocks []int // how many VMs are in those before
		Size   int
	}{Size: blockSize}
	for before := 0; before < vms; before += blockSize {
		data.Blocks = append(data.Blocks, before)
	}
	var text strings.Builder
	err := configuration.Execute(&text, data)
	return text.String(), err
}

// floor is the workspace without a provider.
const floor = "floor"

// runTimeout bounds one run of Terraform.
const runTimeout = 30 * time.Minute

// workspace is a directory in which Terraform manages the policies of a fleet with one of the providers.
type workspace struct {
	name, directory string
	terraform       string
	environment     []string
	// variables are those of the configuration.
	variables any
}

// policyVariables are those of the configurations of fleets.
type policyVariables struct {
	Hosts map[string]hostVariable `json:"hosts"`
	// VMs is how many of the guests of lab.World.DefineShutOff have a policy.
	VMs           int `json:"vms,omitempty"`
	MaxDowntimeMS int `json:"max_downtime_ms"`
}

type hostVariable struct {
	URI string `json:"uri"`
}

// newWorkspace makes a directory for a provider, or the floor, and a configuration.
func (b *Bench) newWorkspace(name, configuration string) (*workspace, error) {
	directory, err := os.MkdirTemp(b.Kit.Directory, "workspace-"+name+"-")
	if err != nil {
		return nil, err
	}
	config, err := b.Kit.cliConfig(name)
	if err != nil {
		return nil, err
	}
	return &workspace{
		name: name, directory: directory, terraform: b.Kit.Terraform,
		environment: []string{"TF_CLI_CONFIG_FILE=" + config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1"},
	}, os.WriteFile(filepath.Join(directory, "main.tf"), []byte(configuration), 0o600)
}

func (w *workspace) remove() { os.RemoveAll(w.directory) }

// apply makes or changes all policies, destroy removes them, plan finds nothing to change, or it is an error.
func (w *workspace) apply(ctx context.Context) (cost, error) {
	return w.run(ctx, "apply", "-auto-approve", "-no-color", "-input=false")
}

func (w *workspace) destroy(ctx context.Context) (cost, error) {
	return w.run(ctx, "destroy", "-auto-approve", "-no-color", "-input=false")
}

func (w *workspace) plan(ctx context.Context) (cost, error) {
	return w.run(ctx, "plan", "-detailed-exitcode", "-no-color", "-input=false")
}

// cost is what a run of Terraform took.
type cost struct {
	// Seconds went by. CPU is in seconds, too: of Terraform and the provider, on all processors. It counts no waiting, and
	// what else the machine does changes it little.
	Seconds, CPU float64
}

// command prepares a run of Terraform, which prints into the buffer.
func (w *workspace) command(ctx context.Context, arguments ...string) (*exec.Cmd, *bytes.Buffer, error) {
	given, err := json.Marshal(w.variables)
	if err != nil {
		return nil, nil, err
	}
	printed := new(bytes.Buffer)
	cmd := exec.CommandContext(ctx, w.terraform, arguments...)
	cmd.Dir, cmd.Env = w.directory, append(os.Environ(), w.environment...)
	cmd.Stdout, cmd.Stderr = printed, printed
	return cmd, printed, os.WriteFile(filepath.Join(w.directory, "terraform.tfvars.json"), given, 0o600)
}

// run runs Terraform and returns what it took.
func (w *workspace) run(ctx context.Context, arguments ...string) (cost, error) {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	cmd, printed, err := w.command(ctx, arguments...)
	if err != nil {
		return cost{}, err
	}
	started := time.Now()
	err = cmd.Run()
	took := cost{Seconds: time.Since(started).Seconds()}
	if err = errors.Join(err, ctx.Err()); err != nil {
		text := strings.TrimSpace(printed.String())
		return took, fmt.Errorf("terraform %s with the provider %s: %w\n%s", arguments[0], w.name, err,
			text[max(0, len(text)-4000):])
	}
	took.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return took, nil
}
