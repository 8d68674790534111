//go:build lab

package provider_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAccQuickStart does what README's quick start tells, with its own blocks. It runs alone: host-level records are one
// per host.
func TestAccQuickStart(t *testing.T) {
	w := newQuickStart(t, "db1")
	w.must(t, 0, "apply", "-auto-approve")
	w.must(t, 0, "plan", "-detailed-exitcode")
	w.addActions(t, quickStart(t)[1])
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccGettingStarted makes the first apply of the guide, which has the output that the guide shows.
func TestAccGettingStarted(t *testing.T) {
	w := newQuickStart(t, "db1")
	w.writeFile(t, filepath.Join(w.directory, "main.tf"), forLab(t, readFile(t, "../../examples/guides/getting_started/main.tf")))
	w.must(t, 0, "apply", "-auto-approve")
	shown := "db1_policy = " + w.must(t, 0, "output", "db1_policy").stdout
	if !strings.Contains(readFile(t, "../../docs/guides/getting-started.md"), shown) {
		t.Errorf("the guide does not show\n%s", shown)
	}
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccExamples_drift looks for drift with the script of the guide.
func TestAccExamples_drift(t *testing.T) {
	w := newQuickStart(t, "db1")
	w.must(t, 0, "apply", "-auto-approve")
	w.driftScript(t, 0)

	kvm1, kvm2 := testLab(t).Host("kvm1"), testLab(t).Host("kvm2")
	main := filepath.Join(w.directory, "main.tf")
	all := readFile(t, main)
	w.writeFile(t, main, strings.Replace(all, kvm2.URI, labProvider(t).without("kvm2").Hosts["kvm2"].URI, 1))
	w.driftScript(t, 1) // a host that is down fails the plan, where no warning is asked for
	t.Setenv("VIRT_UNREACHABLE_HOSTS", "warn")
	w.driftScript(t, 3,
		"virt_cluster_migration_policy.databases\tkvm2\tnot seen",
		"virt_migration_global_settings.all\tkvm2\tnot seen",
		"virt_vm_migration_policy.db1\tkvm2\tnot seen")
	w.writeFile(t, main, all)
	w.driftScript(t, 0)
	removeHostRecord(t, clusterSecret, kvm2)
	setVMRecord(t, kvm1, "db1", `{"version":1,"compression":true,"compression_cache_mib":128}`, "config")
	setHostRecord(t, globalSecret,
		`{"version":1,"auto_converge":true,"compression":false,"encryption":false,"post_copy":false,"zero_copy":false,"synchronous_writes":false,"stall_timeout":"1m"}`,
		kvm1, kvm2)
	w.driftScript(t, 2,
		"virt_cluster_migration_policy.databases\tkvm2\tmissing",
		"virt_migration_global_settings.all\tauto_converge\tis true, declared false",
		"virt_vm_migration_policy.db1\tconfig\tdiffers: compression_cache_mib")
	w.must(t, 0, "apply", "-auto-approve")
	removeVMRecord(t, kvm1, "db1", "live", "config")
	w.driftScript(t, 2, "virt_vm_migration_policy.db1\t-\tis on no host")
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccExamples_check plans the example of check blocks.
func TestAccExamples_check(t *testing.T) {
	newQuickStart(t, "db1", "web1")
	w := newWorkspace(t, "")
	for _, name := range []string{"versions.tf", "main.tf"} {
		w.writeFile(t, filepath.Join(w.directory, name), forLab(t, readFile(t, "../../examples/check/"+name)))
	}
	const failed = "Check block assertion failed"
	if r := w.must(t, 0, "plan"); strings.Contains(r.stdout, failed) {
		t.Errorf("a check fails for VMs without a policy: %s", r)
	}
	setVMRecord(t, testLab(t).Host("kvm1"), "db1",
		`{"version":1,"compression_cache_mib":128,"stall_timeout":"0s","timeout":"0s"}`, "live", "config")
	if r := w.must(t, 0, "plan"); strings.Count(r.stdout, failed) != 2 ||
		!strings.Contains(r.stdout, "db1: compression_cache_mib without the feature") {
		t.Errorf("two checks do not fail for a move without limits and with a dormant field: %s", r)
	}
}

// newQuickStart is a workspace with README's main.tf, on hosts without records, and VMs of these names on kvm1.
func newQuickStart(t *testing.T, vms ...string) *workspace {
	t.Helper()
	withoutHostRecords(t)
	for _, name := range vms {
		spec := typical()
		spec.Name = name
		testLab(t).StartGuest(t, spec)
	}
	w := newWorkspace(t, "")
	w.writeFile(t, filepath.Join(w.directory, "main.tf"), forLab(t, quickStart(t)[0]))
	return w
}

// quickStart are the blocks of README's quick start: main.tf, actions.tf, and the CLI's configuration.
func quickStart(t *testing.T) []string {
	t.Helper()
	_, text, _ := strings.Cut(readFile(t, "../../README.md"), "\n## Quick start\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```terraform\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, found[1])
	}
	if len(blocks) != 3 {
		t.Fatalf("the quick start has %d blocks, want three", len(blocks))
	}
	return blocks
}

// forLab is a configuration of the documents with what differs in the lab: the hosts' addresses, and the cache, which may
// not be larger than the guest.
func forLab(t *testing.T, text string) string {
	t.Helper()
	for _, host := range testLab(t).Hosts {
		text = strings.ReplaceAll(text, "qemu+ssh://root@"+host.Name+".example.com/system", host.URI)
	}
	if strings.Contains(text, "example.com") {
		t.Fatalf("a host of the documents is not in the lab:\n%s", text)
	}
	return strings.ReplaceAll(text, "= 1024", "= 64")
}

// addActions adds README's actions.tf: a CLI that knows actions moves the VM by it, OpenTofu leaves it out for the empty
// file that the guide names, and an older Terraform refuses it.
func (w *workspace) addActions(t *testing.T, actions string) {
	t.Helper()
	file := filepath.Join(w.directory, "actions.tf")
	w.writeFile(t, file, actions)
	switch {
	case cliIsOpenTofu():
		if r := w.must(t, 1, "plan"); !strings.Contains(r.stderr, `Blocks of type "action" are not expected here.`) {
			t.Errorf("OpenTofu does not say that it has no actions: %s", r)
		}
		w.writeFile(t, filepath.Join(w.directory, "actions.tofu"), "")
		w.must(t, 0, "plan", "-detailed-exitcode")
	case cliIsAtLeast("1.14.0"):
		w.must(t, 0, "apply", "-auto-approve", "-invoke=action.virt_vm_live_migration.db1")
		if home := hostOf(t, "db1"); home != "kvm2" {
			t.Errorf("db1 is on %s", home)
		}
		w.must(t, 0, "plan", "-detailed-exitcode")
	default:
		if r := w.must(t, 1, "plan"); !strings.Contains(r.stderr, `Blocks of type "action" are not expected here.`) {
			t.Errorf("an old Terraform does not say that it has no actions: %s", r)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// driftScript runs the script of the guide, and wants its exit code and its lines.
func (w *workspace) driftScript(t *testing.T, code int, lines ...string) {
	t.Helper()
	script, err := filepath.Abs("../../examples/ci/drift.sh")
	if err != nil {
		t.Fatal(err)
	}
	terraform := w.command(t.Context())
	cmd := exec.CommandContext(t.Context(), script)
	cmd.Dir, cmd.Env = terraform.Dir, append(terraform.Env, "TF_CLI="+terraform.Path)
	var said output
	cmd.Stderr = &said
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); cmd.ProcessState.ExitCode() != code || got != strings.Join(lines, "\n") {
		t.Fatalf("exit code %d and %q, want %d and %q\n%s", cmd.ProcessState.ExitCode(), got, code, lines, &said)
	}
}

// hostOf is the host that runs the VM.
func hostOf(t *testing.T, vm string) string {
	t.Helper()
	for _, host := range testLab(t).Hosts {
		if state, err := host.Virsh(t.Context(), "domstate", vm); err == nil && strings.TrimSpace(state) == "running" {
			return host.Name
		}
	}
	t.Fatalf("VM %s runs on no host", vm)
	return ""
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
