//go:build lab

package provider_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccKilled kills the client in mid-move. Peer-to-peer, libvirt goes on by
// itself; the next apply watches the same job to its end.
func TestAccKilled(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	for name, kill := range map[string]func(*testing.T, *run){
		"terraform and the provider": func(t *testing.T, r *run) { r.signalGroup(t, syscall.SIGKILL) },
		"terraform":                  func(t *testing.T, r *run) { r.signal(t, syscall.SIGKILL) },
		"the provider":               func(t *testing.T, r *run) { killProvider(t, r) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guest := world.StartGuest(t, lab.GuestSpec{})
			started := time.Now()
			w := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, slowMove))
			killedRun := w.start(t, apply...)
			awaitMove(t, guest, killedRun)
			begun := time.Now()
			kill(t, killedRun)
			killed := killedRun.wait(t, 20*time.Second)
			t.Logf("killed: exit code %d", killed.code)

			plan := w.must(t, 2, "plan", "-input=false", "-detailed-exitcode")
			if !saying("VM " + guest.Name + " was running on kvm1, and was being migrated to kvm2 already").MatchString(plan.stdout) {
				t.Errorf("the plan does not tell of the migration: %s", plan)
			}
			requireMoving(t, guest)
			log := w.logged(t)
			r := w.start(t, apply...)
			eventually(t, time.Minute, "the next apply watches it", func() bool {
				r.mustRun(t)
				return strings.Contains(log(), "is under way already")
			})
			adopted := time.Since(begun)
			world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
			if got := r.wait(t, time.Minute); got.code != 0 || !saying("was watched to its end").MatchString(got.stdout) {
				t.Fatalf("the next apply: %s", got)
			}
			requireHome(t, guest, "kvm2", "running")
			requireHistory(t, guest, "kvm2", "completed")
			requireSteadyPulse(t, guest, started, 5*time.Second)
			last, ok := w.attributes(t, "virt_vm_live_migration.move")["last_migration"].(map[string]any)
			if !ok || last["source"] != "kvm1" || last["destination"] != "kvm2" {
				t.Errorf("last_migration is %v", last)
			}
			if took, _ := last["duration_ms"].(float64); time.Duration(took)*time.Millisecond < adopted {
				t.Errorf("the migration took %v ms by libvirt's figures: it is not the one that was begun %s before", took, adopted)
			}
			w.must(t, 0, "plan", "-input=false", "-detailed-exitcode")
			eventually(t, 10*time.Second, "no process is left", func() bool { return len(killedRun.group(t)) == 0 })
		})
	}
}

// TestAccKilled_finishes kills Terraform alone: the provider carries the move to
// its end, whoever drives it, and leaves.
func TestAccKilled_finishes(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	for _, mode := range []string{"peer_to_peer", "direct"} {
		for kind, config := range map[string]func(vm, policy string) string{"action": moveAction, "resource": moveResource} {
			t.Run(kind+", "+mode, func(t *testing.T) {
				t.Parallel()
				args := apply
				if kind == "action" {
					needActions(t)
					args = invoke
				}
				guest := world.StartGuest(t, lab.GuestSpec{})
				started := time.Now()
				w := newWorkspace(t, labProvider(t).String()+inMode(mode, config)(guest.Name, slowMove))
				r := w.start(t, args...)
				awaitMove(t, guest, r)
				r.signal(t, syscall.SIGKILL)
				r.wait(t, 20*time.Second)
				world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
				eventually(t, time.Minute, "no process is left", func() bool { return len(r.group(t)) == 0 })
				requireHome(t, guest, "kvm2", "running")
				requireSteadyPulse(t, guest, started, 5*time.Second)
				requireHistory(t, guest, "kvm2", "completed")
				requireNotSaid(t, w.must(t, 0, apply...), "Not Watched") // the provider has seen its end
				w.must(t, 0, "plan", "-input=false", "-detailed-exitcode")
			})
		}
	}
}

// TestAccKilled_unattended kills the client of an update, and lets the migration
// end with nobody watching: state and plan are true afterwards.
func TestAccKilled_unattended(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	provider := labProvider(t).String()
	there := provider + moveResource(guest.Name, slowMove)
	w := newWorkspace(t, strings.Replace(there, `destination = "kvm2"`, `destination = "kvm1"`, 1))
	w.must(t, 0, apply...)
	w.write(t, there)
	r := w.start(t, apply...)
	awaitMove(t, guest, r)
	r.signalGroup(t, syscall.SIGKILL)
	r.wait(t, 20*time.Second)

	got := w.must(t, 2, "plan", "-input=false", "-detailed-exitcode")
	if !sayingAll(`"kvm1" -> "kvm2"`, "VM "+guest.Name+" was running on kvm1, and was being migrated to kvm2 already").MatchString(got.stdout) {
		t.Errorf("while it goes on: %s", got)
	}
	world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
	eventually(t, time.Minute, "the guest has arrived", func() bool {
		_, err := world.Host("kvm1").Virsh(t.Context(), "domstate", guest.Name)
		return err != nil
	})

	got = w.must(t, 0, "plan", "-input=false", "-detailed-exitcode")
	if !sayingAll("Migration Was Not Watched", "VM "+guest.Name+" was running on kvm2, and no longer on kvm1",
		"a move from kvm1 by this provider", "was not watched to its end", "had brought it there", "By the figures that libvirt on kvm2 keeps of it, it took",
		"MiB sent.").MatchString(got.stdout) {
		t.Errorf("the plan does not tell of the migration that has ended: %s", got)
	}
	requireHistory(t, guest, "kvm2", "started")
	w.must(t, 0, apply...)
	state := w.attributes(t, "virt_vm_live_migration.move")
	if state["destination"] != "kvm2" || state["last_migration"] != nil {
		t.Errorf("state is %v", state)
	}
	requireHome(t, guest, "kvm2", "running")

	// A new resource finds the VM there: it tells of the move once, and completes its entry.
	got = newWorkspace(t, there).must(t, 0, apply...)
	if !sayingAll("Migration Was Not Watched", "VM "+guest.Name+" was on kvm2 already", "a move from kvm1 by this provider", "it took").MatchString(got.stdout) {
		t.Errorf("the create does not tell of the move: %s", got)
	}
	requireHistory(t, guest, "kvm2", "completed")
	requireNotSaid(t, newWorkspace(t, there).must(t, 0, apply...), "Not Watched")
	if !cliIsAtLeast("1.14.0") {
		return
	}
	w.write(t, provider+moveAction(guest.Name, slowMove))
	got = w.must(t, 0, invoke...)
	if !strings.Contains(got.stdout, "already: nothing to move (the migration that brought it there took ") {
		t.Errorf("the action does not tell of the migration: %s", got)
	}
}

// requireMoving wants the guest to be moved still, and says how far it is.
func requireMoving(t *testing.T, guest *lab.Guest) {
	t.Helper()
	if info := testLab(t).Host("kvm1").MustVirsh(t, "domjobinfo", guest.Name); !strings.Contains(info, "Outgoing migration") {
		t.Fatalf("the job did not go on: %s", info)
	}
}

// killProvider ends the provider's process alone.
func killProvider(t *testing.T, r *run) {
	t.Helper()
	for _, pid := range r.group(t) {
		if pid != r.cmd.Process.Pid {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// group lists the processes of Terraform's process group.
func (r *run) group(t *testing.T) []int {
	t.Helper()
	return processes(t, func(p process) bool { return p.group == r.cmd.Process.Pid })
}

// children lists what the processes of the group have started outside of it.
func (r *run) children(t *testing.T) []int {
	t.Helper()
	group := r.group(t)
	return processes(t, func(p process) bool { return p.group != r.cmd.Process.Pid && slices.Contains(group, p.parent) })
}

// process is one that has not ended.
type process struct{ parent, group int }

// processes lists those that fit, by their IDs.
func processes(t *testing.T, fits func(process) bool) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var (
			pid   int
			state string
			p     process
		)
		// pid (name) state ppid pgrp
		_, pidErr := fmt.Sscan(string(stat), &pid)
		_, err = fmt.Sscan(string(stat[bytes.LastIndexByte(stat, ')')+1:]), &state, &p.parent, &p.group)
		if err := errors.Join(pidErr, err); err != nil {
			t.Fatal(err)
		}
		if state != "Z" && fits(p) {
			pids = append(pids, pid)
		}
	}
	return pids
}
