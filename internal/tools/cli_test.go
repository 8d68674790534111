package tools_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestCLI runs terraform/cli.sh in a checkout of its own, with a search path
// that holds nothing but a pretended go, and a pretended terraform or none.
func TestCLI(t *testing.T) {
	t.Parallel()
	const machine, built = "path/terraform", "checkout/bin/terraform"
	cases := map[string]struct {
		machine string // what `terraform version` says; empty: not installed
		chosen  string // TF_ACC_TERRAFORM_PATH
		args    []string
		want    string // relative to the test's directory; empty: failure
	}{
		"first release with actions": {machine: "Terraform v1.14.0", want: machine},
		"newer":                      {machine: "Terraform v1.16.0\non linux_amd64", want: machine},
		"newer by two digits":        {machine: "Terraform v1.100.1", want: machine},
		"warning before the version": {machine: "Warning: no such file\n\nTerraform v1.15.2", want: machine},
		"too old":                    {machine: "Terraform v1.13.9", want: built},
		"too old by one digit":       {machine: "Terraform v1.9.8", want: built},
		"before a release":           {machine: "Terraform v1.14.0-rc1", want: built},
		"unreadable version":         {machine: "Segmentation fault", want: built},
		"none installed":             {want: built},
		"chosen by the user":         {machine: "Terraform v1.16.0", chosen: "elsewhere", want: "elsewhere"},
		"built one forced":           {machine: "Terraform v1.16.0", args: []string{"--built"}, want: built},
		"machine's forced":           {machine: "Terraform v1.0.0", args: []string{"--machine"}, want: machine},
		"machine's forced, none":     {args: []string{"--machine"}},
		"unknown argument":           {machine: "Terraform v1.16.0", args: []string{"--other"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.machine)
			if tc.chosen != "" {
				w.env = append(w.env, "TF_ACC_TERRAFORM_PATH="+filepath.Join(w.dir, tc.chosen))
			}
			want := ""
			if tc.want != "" {
				want = filepath.Join(w.dir, tc.want) + "\n"
			}
			if got, err := w.run(t, tc.args...); got != want || (err == nil) != (want != "") {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
}

// TestCLIBuildsOnlyWhenTheModuleChanges counts the calls of the compiler.
func TestCLIBuildsOnlyWhenTheModuleChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	builds := func() int {
		t.Helper()
		if _, err := w.run(t); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(filepath.Join(w.dir, "builds"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(log, []byte("\n"))
	}
	if n := builds(); n != 1 {
		t.Fatalf("%d builds from nothing, want 1", n)
	}
	if n := builds(); n != 1 {
		t.Errorf("%d builds after a second call, want 1", n)
	}
	write(t, filepath.Join(w.dir, "checkout/internal/tools/terraform/README.md"), "words")
	if n := builds(); n != 1 {
		t.Errorf("%d builds after a change of the README, want 1", n)
	}
	module := filepath.Join(w.dir, "checkout/internal/tools/terraform/go.mod")
	later := time.Now().Add(time.Minute) // beyond the granularity of the file system's clock
	if err := os.Chtimes(module, later, later); err != nil {
		t.Fatal(err)
	}
	if n := builds(); n != 2 {
		t.Errorf("%d builds after a change of go.mod, want 2", n)
	}
}

// world is a checkout with cli.sh in it and a search path.
type world struct {
	dir    string
	script string
	env    []string
}

func newWorld(t *testing.T, version string) *world {
	t.Helper()
	dir := t.TempDir()
	script, err := os.ReadFile("terraform/cli.sh")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		dir:    dir,
		script: filepath.Join(dir, "checkout/internal/tools/terraform/cli.sh"),
		env:    []string{"PATH=" + filepath.Join(dir, "path")},
	}
	write(t, w.script, string(script))
	write(t, filepath.Join(dir, "checkout/internal/tools/terraform/go.mod"), "module pretended")
	write(t, filepath.Join(dir, "path/go"), "#!/bin/sh\n"+
		"while [ \"$1\" != -o ]; do shift; done\n"+
		"echo \"$2\" >>"+filepath.Join(dir, "builds")+"\n"+
		"touch \"$2\" && chmod +x \"$2\"\n")
	for _, tool := range []string{"cat", "chmod", "dirname", "find", "head", "mkdir", "mv", "sed", "sort", "touch"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, "path", tool)); err != nil {
			t.Fatal(err)
		}
	}
	if version != "" {
		write(t, filepath.Join(dir, "path/terraform"), "#!/bin/sh\ncat <<'END'\n"+version+"\nEND\n")
	}
	return w
}

// run returns what cli.sh prints on its standard output.
func (w *world) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{w.script}, args...)...)
	cmd.Env = w.env
	out, err := cmd.Output()
	return string(out), err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
