//go:build lab

package tools_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamplesAreValid validates the examples of the documentation against the
// provider's schemas: all at once, with each of the two forms of import blocks.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cli := strings.TrimSpace(command(t, root, "internal/tools/terraform/cli.sh"))
	plugins := t.TempDir()
	command(t, root, "go", "build", "-o", filepath.Join(plugins, "terraform-provider-virt"), ".")
	config := filepath.Join(plugins, "terraformrc")
	write(t, config, fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"terraform-provider-virt/virt\" = %q\n  }\n}\n", plugins))

	for _, form := range []string{"import-by-string-id.tf", "import-by-identity.tf"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			if n := gather(t, filepath.Join(root, "examples"), directory, form); n < 10 {
				t.Fatalf("only %d examples found", n)
			}
			validate := exec.CommandContext(t.Context(), cli, "validate", "-no-color")
			validate.Dir = directory
			validate.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1")
			if printed, err := validate.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, printed)
			}
		})
	}
}

// gather copies the configurations into one directory, of the import blocks only
// those of one form, and returns how many there were.
func gather(t *testing.T, examples, directory, form string) int {
	t.Helper()
	count := 0
	err := filepath.WalkDir(examples, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && entry.Name() == "guides" {
			return filepath.SkipDir // those with another provider: internal/lab/matrix applies them
		}
		if err != nil || filepath.Ext(path) != ".tf" {
			return err
		}
		if strings.HasPrefix(entry.Name(), "import-") && entry.Name() != form {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		count++
		write(t, filepath.Join(directory, fmt.Sprintf("%d-%s", count, entry.Name())), string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// command runs a program at the top of the checkout and returns what it prints.
func command(t *testing.T, root, name string, args ...string) string {
	t.Helper()
	if strings.Contains(name, "/") {
		name = filepath.Join(root, name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(printed)
}
