//go:build lab

package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// commandTimeout bounds one command of Terraform.
const commandTimeout = 5 * time.Minute

// builtProvider builds the provider once for all tests and returns the directory that it is in.
var builtProvider = sync.OnceValues(func() (string, error) {
	directory, err := os.MkdirTemp("", "matrix-provider")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(directory, "terraform-provider-virt"), "../../..")
	if printed, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, printed)
	}
	return directory, nil
})

// terraform is the Terraform CLI in a directory with a configuration. It takes the providers as they were built.
type terraform struct{ directory, cliConfig string }

// newTerraform returns a CLI that knows this provider, and others by their source and directory.
func newTerraform(t *testing.T, others map[string]string) terraform {
	t.Helper()
	own, err := builtProvider()
	must(t, err)
	directory := t.TempDir()
	tf := terraform{directory: directory, cliConfig: filepath.Join(directory, "terraform.rc")}
	var text strings.Builder
	fmt.Fprintf(&text, "provider_installation {\n  dev_overrides {\n    \"terraform-provider-virt/virt\" = %q\n", own)
	for source, built := range others {
		fmt.Fprintf(&text, "    %q = %q\n", source, built)
	}
	text.WriteString("  }\n  direct {}\n}\n")
	must(t, os.WriteFile(tf.cliConfig, []byte(text.String()), 0o600))
	return tf
}

// configure replaces the configuration.
func (tf terraform) configure(t *testing.T, configuration string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(tf.directory, "main.tf"), []byte(configuration), 0o600))
}

// answer is what a command of Terraform gave.
type answer struct {
	code        int
	diagnostics []diagnostic
	changes     map[string]string // what a plan does to each address: create, update, delete, replace
	printed     string
}

type diagnostic struct{ Severity, Summary, Detail string }

// of returns the diagnostics of a severity, each as its summary and detail in one line.
func (a answer) of(severity string) []string {
	var texts []string
	for _, d := range a.diagnostics {
		if d.Severity == severity && !strings.Contains(d.Summary, "development overrides") {
			texts = append(texts, strings.Join(strings.Fields(d.Summary+": "+d.Detail), " "))
		}
	}
	return texts
}

// plan plans; code is 0 without changes, 2 with some.
func (tf terraform) plan(t *testing.T) answer {
	t.Helper()
	return tf.run(t, "plan", "-json", "-detailed-exitcode", "-input=false")
}

// apply applies, and destroy destroys; a failure ends the test.
func (tf terraform) apply(t *testing.T, options ...string) answer {
	t.Helper()
	return tf.run(t, append([]string{"apply", "-json", "-auto-approve", "-input=false"}, options...)...).succeeded(t)
}

func (tf terraform) destroy(t *testing.T) {
	t.Helper()
	tf.run(t, "destroy", "-json", "-auto-approve", "-input=false").succeeded(t)
}

func (a answer) succeeded(t *testing.T) answer {
	t.Helper()
	if a.code != 0 {
		t.Fatalf("terraform failed with exit code %d:\n%s", a.code, a.printed)
	}
	return a
}

// run runs a command that prints JSON.
func (tf terraform) run(t *testing.T, args ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(terraformVariable), args...)
	cmd.Dir = tf.directory
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+tf.cliConfig, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil || cmd.ProcessState == nil {
		t.Fatalf("%s: %v %v\n%s", cmd, err, ctx.Err(), &output)
	}
	a := answer{code: cmd.ProcessState.ExitCode(), changes: map[string]string{}, printed: output.String()}
	for line := range strings.Lines(a.printed) {
		var event struct {
			Type       string
			Diagnostic diagnostic
			Change     struct {
				Resource struct{ Addr string }
				Action   string
			}
		}
		if json.Unmarshal([]byte(line), &event) != nil {
			continue // what a provider prints by itself
		}
		switch event.Type {
		case "diagnostic":
			a.diagnostics = append(a.diagnostics, event.Diagnostic)
		case "planned_change":
			a.changes[event.Change.Resource.Addr] = event.Change.Action
		}
	}
	return a
}

// wantPlan plans, and wants exactly these changes.
func (tf terraform) wantPlan(t *testing.T, want map[string]string) answer {
	t.Helper()
	planned := tf.plan(t)
	code := 0
	if len(want) > 0 {
		code = 2
	}
	if planned.code != code || fmt.Sprint(planned.changes) != fmt.Sprint(want) {
		t.Fatalf("the plan ends with %d and changes %v, want %d and %v:\n%s",
			planned.code, planned.changes, code, want, planned.printed)
	}
	return planned
}

// providerBlock configures this provider with hosts of the lab.
func providerBlock(hosts ...*lab.Host) string {
	var text strings.Builder
	text.WriteString("provider \"virt\" {\n  hosts = {\n")
	for _, host := range hosts {
		fmt.Fprintf(&text, "    %s = { uri = %q, migration_uri = %q }\n", host.Name, host.URI, host.MigrationURI)
	}
	text.WriteString("  }\n}\n")
	return requiredProviders + text.String()
}

const requiredProviders = `terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}

`
