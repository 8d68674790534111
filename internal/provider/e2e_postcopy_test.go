//go:build lab

package provider_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccInterrupt_postCopy interrupts a move when the guest runs on the
// destination already and cannot come back: it is waited for, and told of.
// It slows a host's link down, so it has the lab for itself.
func TestAccInterrupt_postCopy(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	t.Cleanup(func() {
		if err := world.Heal(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	for kind, config := range map[string]func(vm, policy string) string{"action": moveAction, "resource": moveResource} {
		t.Run(kind, func(t *testing.T) {
			args := apply
			if kind == "action" {
				needActions(t)
				args = invoke
			}
			if err := world.Host("kvm2").Limit(t.Context(), 8); err != nil {
				t.Fatal(err)
			}
			w := newWorkspace(t, labProvider(t).String()+config(guest.Name, "post_copy = true\ntimeout = \"3s\"\non_timeout = \"post_copy\""))
			r := w.start(t, args...)
			eventually(t, time.Minute, "the guest runs on kvm2 in post-copy", func() bool {
				r.mustRun(t)
				state, err := world.Host("kvm2").Virsh(t.Context(), "domstate", "--reason", guest.Name)
				return err == nil && strings.HasPrefix(state, "running")
			})
			if kind == "action" {
				// The next line of progress is 5 s away then: one that comes after the stop was sent after it.
				eventually(t, 30*time.Second, "Terraform prints the progress", func() bool {
					r.mustRun(t)
					return strings.Contains(r.stdout.String(), "post-copy:")
				})
			}
			r.signal(t, syscall.SIGINT)
			got := r.wait(t, 2*time.Minute)
			t.Log(got)
			if got.code != 1 {
				t.Errorf("want exit code 1, got %d", got.code)
			}
			_, after, stopped := strings.Cut(got.stdout, "Gracefully shutting down...")
			if !saying("It was cancelled when it was in post-copy, which cannot be cancelled without losing the VM. This move waited for its end: the VM is running on kvm2.").MatchString(after) {
				t.Error("it does not say why it was not cancelled")
			}
			if !stopped || strings.Contains(after, "post-copy:") {
				t.Error("progress after the stop, or no word of it")
			}
			requireHome(t, guest, "kvm2", "running")
			if kind == "resource" {
				last, _ := w.attributes(t, "virt_vm_live_migration.move")["last_migration"].(map[string]any)
				if last["phase"] != "post_copy" {
					t.Errorf("state does not have the move: %v", last)
				}
				w.must(t, 0, "plan", "-input=false", "-detailed-exitcode")
			}
			if err := world.Heal(t.Context()); err != nil {
				t.Fatal(err)
			}
			moveByVirsh(t, guest, "kvm2", "kvm1") // for the next one
		})
	}
}
