//go:build lab

package matrix

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// These tests play the guide "VMs of dmacvicar/libvirt", with its example. All of them have a VM "web", so they run one
// after the other.

const (
	domain   = "libvirt_domain.web"
	record   = "virt_vm_migration_policy.web"
	movement = "virt_vm_live_migration.web"
)

// builtDmacvicar builds the other provider once and returns the directory that it is in.
var builtDmacvicar = sync.OnceValues(func() (string, error) {
	build := exec.Command("../../tools/dmacvicar-libvirt/provider.sh")
	build.Stderr = os.Stderr
	directory, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", build, err)
	}
	return strings.TrimSpace(string(directory)), nil
})

// neighbours is a configuration with both providers, and its hosts: the first two of the lab, kvm1 and kvm2.
type neighbours struct {
	terraform
	kvm1, kvm2 *lab.Host
	text       string
}

// example applies the guide's example: the VM is on kvm1.
func example(t *testing.T) *neighbours {
	t.Helper()
	onlyInMatrix(t)
	directory, err := builtDmacvicar()
	must(t, err)
	hosts := world(t).Hosts
	n := &neighbours{newTerraform(t, map[string]string{"dmacvicar/libvirt": directory}), hosts[0], hosts[1], ""}
	n.prepareStorage(t)
	n.text = n.read(t, "main.tf")
	n.configure(t, n.text)
	n.apply(t)
	return n
}

// read reads a file of the example, with the lab's hosts and for software emulation in little memory.
func (n *neighbours) read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../examples/guides/libvirt_domain", file))
	must(t, err)
	return strings.NewReplacer(
		"qemu+ssh://root@kvm1.example.com/system", n.kvm1.URI,
		"qemu+ssh://root@kvm2.example.com/system", n.kvm2.URI,
		"memory    = 2048", "memory    = 64\n  type = \"qemu\"",
	).Replace(string(text))
}

// change replaces words of the configuration that it has.
func (n *neighbours) change(t *testing.T, old, replacement string) {
	t.Helper()
	if !strings.Contains(n.text, old) {
		t.Fatalf("the example has no %q", old)
	}
	n.text = strings.ReplaceAll(n.text, old, replacement)
	n.configure(t, n.text)
}

// move moves the VM by its resource, from kvm1 to kvm2 or back.
func (n *neighbours) move(t *testing.T, from, to *lab.Host) {
	t.Helper()
	n.change(t, fmt.Sprintf("destination = %q", from.Name), fmt.Sprintf("destination = %q", to.Name))
	n.wantPlan(t, map[string]string{movement: "update"})
	n.apply(t)
}

// prepareStorage makes the VM's disk, which both hosts share, and removes all that the test has left when it ends.
func (n *neighbours) prepareStorage(t *testing.T) {
	t.Helper()
	hosts := []*lab.Host{n.kvm1, n.kvm2}
	first := filepath.Join(n.kvm1.Directory, "images", "web.img")
	must(t, os.WriteFile(first, make([]byte, 1<<20), 0o600))
	must(t, os.Link(first, filepath.Join(n.kvm2.Directory, "images", "web.img")))
	for _, host := range hosts {
		// The other provider asks the hosts' storage pools for the volume.
		if !strings.Contains(host.MustVirsh(t, "pool-list", "--name"), "default") {
			host.MustVirsh(t, "pool-create-as", "default", "dir", "--target", "/var/lib/libvirt/images")
		}
		host.MustVirsh(t, "pool-refresh", "default")
		t.Cleanup(func() {
			for _, verb := range []string{"destroy", "undefine"} {
				// These fail where the VM is not on the host, or is shut off.
				_ = exec.Command("virsh", "--connect", host.SocketURI, verb, "web").Run()
			}
			must(t, os.Remove(filepath.Join(host.Directory, "images", "web.img")))
		})
	}
}

// uuid is the UUID of the VM of that name on a host, and empty where there is none.
func uuid(t *testing.T, host *lab.Host) string {
	t.Helper()
	for line := range strings.Lines(host.MustVirsh(t, "list", "--all", "--uuid", "--name")) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == "web" {
			return fields[0]
		}
	}
	return ""
}

// state is libvirt's word for the VM's state.
func state(t *testing.T, host *lab.Host) string {
	t.Helper()
	return strings.TrimSpace(host.MustVirsh(t, "domstate", "web"))
}

// policy is the VM's record, and empty where it has none.
func policy(t *testing.T, host *lab.Host) string {
	t.Helper()
	found, err := host.Virsh(t.Context(), "metadata", "web", policyURI, "--config")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(found)
}

// TestLibvirtDomainUpdated: an update in place leaves the VM's metadata alone, and a replacement makes another VM,
// which the same apply gives the policy.
func TestLibvirtDomainUpdated(t *testing.T) {
	n := example(t)
	n.wantPlan(t, nil)
	first, before := uuid(t, n.kvm1), policy(t, n.kvm1)

	n.change(t, "autostart = false", "autostart = true")
	n.wantPlan(t, map[string]string{domain: "update"})
	n.apply(t)
	if after := policy(t, n.kvm1); after != before || before == "" {
		t.Errorf("an update changed the policy from %s to %s", before, after)
	}

	n.change(t, "memory    = 64", "memory    = 80")
	n.wantPlan(t, map[string]string{domain: "replace", record: "replace", movement: "replace"})
	n.apply(t)
	if second := uuid(t, n.kvm1); second == first || second == "" {
		t.Errorf("a replacement has the UUID %s, the VM had %s", second, first)
	}
	if !strings.Contains(policy(t, n.kvm1), `"compression":true`) {
		t.Errorf("the new VM has the policy %q", policy(t, n.kvm1))
	}
	n.wantPlan(t, nil)
}

// TestLibvirtDomainCreatedAgain: where the other provider still looks at the host that the VM has left, its next apply
// creates a VM of that name there, on the same disk, and the moved one loses its policy.
func TestLibvirtDomainCreatedAgain(t *testing.T) {
	n := example(t)
	first := uuid(t, n.kvm1)
	n.move(t, n.kvm1, n.kvm2)
	if uuid(t, n.kvm1) != "" || uuid(t, n.kvm2) != first || policy(t, n.kvm2) == "" {
		t.Fatal("the VM has not moved with its policy")
	}
	n.wantPlan(t, map[string]string{domain: "create", record: "replace", movement: "replace"})

	failed := n.run(t, "apply", "-json", "-auto-approve", "-input=false")
	const lock = `Failed to get "write" lock`
	if said := failed.of("error"); failed.code != 1 || len(said) != 1 || !strings.Contains(said[0], lock) {
		t.Errorf("the apply ended with %d and said %q", failed.code, said)
	}
	if second := uuid(t, n.kvm1); second == "" || second == first || state(t, n.kvm1) != "shut off" {
		t.Errorf("kvm1 has a VM %q", second)
	}
	if uuid(t, n.kvm2) != first || state(t, n.kvm2) != "running" {
		t.Error("the moved VM does not run on kvm2")
	}
	if left := policy(t, n.kvm2); left != "" {
		t.Errorf("the moved VM still has the policy %s", left)
	}
}

// TestLibvirtDomainFollowed: with the provider configuration of the VM's host, the other provider finds it by its UUID.
func TestLibvirtDomainFollowed(t *testing.T) {
	n := example(t)
	first := uuid(t, n.kvm1)
	for _, way := range [][2]*lab.Host{{n.kvm1, n.kvm2}, {n.kvm2, n.kvm1}} {
		from, to := way[0], way[1]
		n.move(t, from, to)
		n.change(t, "provider = libvirt."+from.Name, "provider = libvirt."+to.Name)
		n.wantPlan(t, nil)
		n.apply(t)
		if uuid(t, from) != "" || uuid(t, to) != first || state(t, to) != "running" || policy(t, to) == "" {
			t.Fatalf("the VM is not on %s with its policy", to.Name)
		}
	}
	// Now the other provider's own changes work as before.
	n.change(t, "autostart = false", "autostart = true")
	n.wantPlan(t, map[string]string{domain: "update"})
	n.apply(t)
	n.wantPlan(t, nil)
}

// TestLibvirtDomainImported: an import plans to replace the VM, because the other provider does not read all that
// forces a replacement.
func TestLibvirtDomainImported(t *testing.T) {
	n := example(t)
	n.move(t, n.kvm1, n.kvm2)
	must(t, os.Remove(filepath.Join(n.directory, "terraform.tfstate")))
	n.change(t, "provider = libvirt.kvm1", "provider = libvirt.kvm2")
	n.text += fmt.Sprintf("\nimport {\n  to = %s\n  id = %q\n}\n", domain, uuid(t, n.kvm2))
	n.configure(t, n.text)
	if planned := n.plan(t); planned.changes[domain] != "replace" {
		t.Errorf("an import plans %v", planned.changes)
	}

	n.change(t, "autostart = false", "lifecycle {\n    ignore_changes = [type, graphics, fw_cfg_name]\n  }")
	planned := n.plan(t)
	if change := planned.changes[domain]; change == "replace" || change == "create" {
		t.Errorf("an import that ignores what is not read plans to %s the VM:\n%s", change, planned.printed)
	}
	n.apply(t)
	if state(t, n.kvm2) != "running" || uuid(t, n.kvm1) != "" {
		t.Error("the VM does not run on kvm2 alone")
	}
	n.wantPlan(t, nil)
}

// TestLibvirtDomainRemoved: a VM that the other provider has forgotten moves as any other.
func TestLibvirtDomainRemoved(t *testing.T) {
	n := example(t)
	first := uuid(t, n.kvm1)
	providers, _, _ := strings.Cut(n.text, `resource "libvirt_domain"`)
	n.text = providers + n.read(t, "removed.tf")
	n.configure(t, n.text)
	n.wantPlan(t, map[string]string{domain: "remove", record: "update", movement: "update"})
	n.apply(t)
	n.move(t, n.kvm1, n.kvm2)
	n.wantPlan(t, nil)
	if uuid(t, n.kvm1) != "" || uuid(t, n.kvm2) != first || state(t, n.kvm2) != "running" || policy(t, n.kvm2) == "" {
		t.Error("the VM is not on kvm2 with its policy")
	}
}
