//go:build lab

package provider_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// slowMove is a policy under which no guest of the lab arrives within a minute.
const slowMove = `bandwidth_mib_per_second = 1`

// moveAction and moveResource are the two ways to move a guest to kvm2.
func moveAction(vm, policy string) string {
	return fmt.Sprintf("action \"virt_vm_live_migration\" \"move\" {\n  config {\n    vm = %q\n    destination = \"kvm2\"\n    %s\n  }\n}\n", vm, policy)
}

func moveResource(vm, policy string) string {
	return fmt.Sprintf("resource \"virt_vm_live_migration\" \"move\" {\n  vm = %q\n  destination = \"kvm2\"\n  %s\n}\n", vm, policy)
}

// inMode says who is to drive the move.
func inMode(mode string, config func(vm, policy string) string) func(vm, policy string) string {
	return func(vm, policy string) string {
		return config(vm, fmt.Sprintf("mode = %q\n%s", mode, policy))
	}
}

func TestAccInterrupt(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	bystander := world.StartGuest(t, lab.GuestSpec{}) // what it stands still for, a busy machine does
	for name, test := range map[string]struct {
		config  func(vm, policy string) string
		args    []string
		actions bool
		send    func(*run, *testing.T, syscall.Signal)
		signal  syscall.Signal
		overSSH bool
	}{
		"action, to terraform alone":                     {moveAction, invoke, true, (*run).signal, syscall.SIGINT, false},
		"action, to the whole process group":             {moveAction, invoke, true, (*run).signalGroup, syscall.SIGINT, false},
		"resource, to terraform alone":                   {moveResource, apply, false, (*run).signal, syscall.SIGINT, false},
		"resource, to the whole process group":           {moveResource, apply, false, (*run).signalGroup, syscall.SIGINT, false},
		"action, direct, to the whole process group":     {inMode("direct", moveAction), invoke, true, (*run).signalGroup, syscall.SIGINT, false},
		"resource, direct, to the whole process group":   {inMode("direct", moveResource), apply, false, (*run).signalGroup, syscall.SIGINT, false},
		"action, SIGTERM to the whole process group":     {moveAction, invoke, true, (*run).signalGroup, syscall.SIGTERM, false},
		"action, over SSH, to the whole process group":   {moveAction, invoke, true, (*run).signalGroup, syscall.SIGINT, true},
		"resource, over SSH, to the whole process group": {moveResource, apply, false, (*run).signalGroup, syscall.SIGINT, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.actions {
				needActions(t)
			}
			guest := world.StartGuest(t, lab.GuestSpec{})
			started := time.Now()
			block := labProvider(t)
			if test.overSSH {
				block = block.overSSH(t)
			}
			w := newWorkspace(t, block.String()+test.config(guest.Name, slowMove))
			reports := reportsOf(t, w)
			r := w.start(t, test.args...)
			awaitMove(t, guest, r)
			if test.actions {
				// The next line of progress is 5 s away then: one that comes after the stop was sent after it.
				eventually(t, 30*time.Second, "Terraform prints the progress", func() bool {
					r.mustRun(t)
					return strings.Contains(r.stdout.String(), "pre-copy")
				})
			}
			tunnels := r.children(t)
			if want := map[bool]int{true: len(pair(t))}[test.overSSH]; len(tunnels) < want {
				t.Errorf("the provider has started %d processes, want %d of ssh at least", len(tunnels), want)
			}
			interrupted := time.Now()
			test.send(r, t, test.signal)
			got := r.wait(t, time.Minute)
			took := time.Since(interrupted)

			t.Logf("ended %s after the interrupt\n%s", took.Round(10*time.Millisecond), got)
			if got.code != 1 {
				t.Errorf("want exit code 1, got %d", got.code)
			}
			if took > 10*time.Second {
				t.Errorf("took %s to end", took)
			}
			for _, want := range []string{"Migration Cancelled", "VM " + guest.Name + " is running on kvm1"} {
				if !saying(want).MatchString(got.stderr) {
					t.Errorf("no %q in what was said", want)
				}
			}
			if _, after, seen := strings.Cut(got.stdout, "Gracefully shutting down..."); !seen || strings.Contains(after, "pre-copy") {
				t.Errorf("progress after the stop, or no word of it: %s", got.stdout)
			}
			requireStayed(t, world, guest)
			requireReport(t, reports, guest, "cancelled")
			requireSteadyPulse(t, guest, started, time.Second+bystander.Between(started, time.Now()).LongestGap)
			eventually(t, 5*time.Second, "no process of terraform is left", func() bool { return !r.processes() })
			for _, pid := range tunnels {
				eventually(t, 5*time.Second, "ssh has ended", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
			}
		})
	}
}

var (
	apply  = []string{"apply", "-auto-approve", "-input=false"}
	invoke = []string{"apply", "-auto-approve", "-input=false", "-invoke=action.virt_vm_live_migration.move"}
)

// awaitMove waits until memory of the guest is being sent from kvm1: seconds, and much longer on a busy machine, which
// the planning of Terraform alone can keep for half a minute.
func awaitMove(t *testing.T, guest *lab.Guest, r *run) {
	t.Helper()
	world := testLab(t)
	eventually(t, 2*time.Minute, "the guest is being moved", func() bool {
		r.mustRun(t)
		info, err := world.Host("kvm1").Virsh(t.Context(), "domjobinfo", guest.Name)
		return err == nil && strings.Contains(info, "Outgoing migration") && strings.Contains(info, "Memory processed")
	})
}

// requireStayed wants the guest on kvm1, running, without a job, and nothing of
// it on kvm2.
func requireStayed(t *testing.T, world *lab.World, guest *lab.Guest) {
	t.Helper()
	if state := strings.TrimSpace(world.Host("kvm1").MustVirsh(t, "domstate", guest.Name)); state != "running" {
		t.Errorf("on kvm1 the guest is %s", state)
	}
	if info := world.Host("kvm1").MustVirsh(t, "domjobinfo", guest.Name); !strings.Contains(info, "None") {
		t.Errorf("a job is left: %s", info)
	}
	if list := world.Host("kvm2").MustVirsh(t, "list", "--all", "--name"); strings.Contains(list, guest.Name) {
		t.Errorf("kvm2 has the guest: %s", list)
	}
	if hosts := guest.HostsRunning(); len(hosts) != 1 || hosts[0] != "kvm1" {
		t.Errorf("the guest's QEMU runs on %v", hosts)
	}
}
