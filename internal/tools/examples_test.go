//go:build lab

package tools_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// TestExamplesAreValid validates each example of the documentation by itself, as a reader copies it: with the provider's
// configuration and nothing else, and with each of the two forms of import blocks.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	validated := 0
	err := filepath.WalkDir("../../examples", func(directory string, entry fs.DirEntry, err error) error {
		if entry == nil || !entry.IsDir() || err != nil {
			return err
		}
		if entry.Name() == "libvirt_domain" {
			return filepath.SkipDir // it has another provider: internal/lab/matrix applies it
		}
		files, err := filepath.Glob(filepath.Join(directory, "*.tf"))
		if err != nil || len(files) == 0 {
			return err
		}
		for _, form := range formsOf(files) {
			validated++
			t.Run(filepath.Base(directory)+form, func(t *testing.T) {
				t.Parallel()
				w := newExample(t, files, form)
				w.must(t, "validate")
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if validated < 10 {
		t.Errorf("only %d examples found", validated)
	}
}

// TestExampleOfTerraformTest runs the example of a module's tests, which need no host.
func TestExampleOfTerraformTest(t *testing.T) {
	t.Parallel()
	w := newExample(t, nil, "")
	if err := os.CopyFS(w.directory, os.DirFS("../../examples/test")); err != nil {
		t.Fatal(err)
	}
	if said := w.must(t, "test"); !strings.Contains(said, "2 passed, 0 failed") {
		t.Errorf("got %s", said)
	}
}

// TestExampleOfTerraformPolicy checks the syntax of the example, and that its policies and tests name attributes that are
// there. To run it takes Terraform 1.17 and the program tfpolicy, which cannot be built from source.
func TestExampleOfTerraformPolicy(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/terraform_policy/*.hcl")
	if err != nil || len(files) != 2 {
		t.Fatalf("found %v, %v", files, err)
	}
	w := newExample(t, nil, "")
	for _, file := range files {
		format := w.command(t, "fmt", "-check", "-")
		format.Stdin = strings.NewReader(read(t, file))
		if said, err := format.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, said)
		}
	}
	schema := read(t, "../../docs/resources/vm_migration_policy.md") + read(t, "../../docs/resources/migration_global_settings.md")
	for _, found := range regexp.MustCompile(`attrs\.(\w+)`).FindAllStringSubmatch(read(t, files[0]), -1) {
		if !strings.Contains(schema, "\n- `"+found[1]+"` ") {
			t.Errorf("%s names %s, which no resource has", files[0], found[1])
		}
	}
}

// TestConversionFromOVirt validates what the script of the guide makes of the engine's answers.
func TestConversionFromOVirt(t *testing.T) {
	t.Parallel()
	const directory = "../../examples/guides/from_ovirt"
	var said bytes.Buffer
	convert := exec.CommandContext(t.Context(), directory+"/convert.sh", directory+"/sample")
	convert.Stderr = &said
	converted, err := convert.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	w := newExample(t, nil, "")
	write(t, filepath.Join(w.directory, "virt.tf.json"), string(converted))
	w.must(t, "validate")
	if want := read(t, directory+"/sample/virt.tf.json"); string(converted) != want {
		t.Errorf("the sample becomes\n%s", converted)
	}
}

// formsOf are the names of the files with import blocks; one empty name where there are none.
func formsOf(files []string) []string {
	var forms []string
	for _, file := range files {
		if name := filepath.Base(file); strings.HasPrefix(name, "import-") {
			forms = append(forms, name)
		}
	}
	if len(forms) == 0 {
		return []string{""}
	}
	return forms
}

// example is a directory in which the CLI of the tests works, with the provider of this checkout.
type example struct{ directory string }

// newExample copies files into a new directory, of the import blocks only those of one form, and the provider's
// configuration beside them where they have none.
func newExample(t *testing.T, files []string, form string) *example {
	t.Helper()
	e := &example{t.TempDir()}
	complete := len(files) == 0
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "import-") && name != form {
			continue
		}
		text := read(t, file)
		complete = complete || strings.Contains(text, "required_providers")
		write(t, filepath.Join(e.directory, name), text)
	}
	if !complete {
		write(t, filepath.Join(e.directory, "provider.tf"), read(t, "../../examples/provider/provider.tf"))
	}
	return e
}

// command is the CLI in the directory.
func (e *example) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	k, err := exampleKit()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), k.cli, args...)
	cmd.Dir = e.directory
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+k.config, "CHECKPOINT_DISABLE=1", "TF_CLI_ARGS=-no-color")
	return cmd
}

// must runs a command that is to succeed, and returns what it prints.
func (e *example) must(t *testing.T, args ...string) string {
	t.Helper()
	said, err := e.command(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return string(said)
}

// kit is what all examples are tried with.
type kit struct{ cli, config string }

// exampleKit builds the provider, and the CLI where it is not there, once for all tests.
var exampleKit = sync.OnceValues(func() (kit, error) {
	printed, err := exec.Command("terraform/cli.sh").Output()
	if err != nil {
		return kit{}, fmt.Errorf("terraform/cli.sh: %w", err)
	}
	plugins, err := filepath.Abs("../../bin/examples")
	if err != nil {
		return kit{}, err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(plugins, "terraform-provider-virt"), "../..")
	if said, err := build.CombinedOutput(); err != nil {
		return kit{}, fmt.Errorf("go build: %w\n%s", err, said)
	}
	config := filepath.Join(plugins, "terraform.rc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"terraform-provider-virt/virt\" = %q\n  }\n}\n", plugins)
	return kit{strings.TrimSpace(string(printed)), config}, os.WriteFile(config, []byte(text), 0o600)
})
