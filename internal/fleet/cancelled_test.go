//go:build lab

package fleet

import (
	"context"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestMove_cancelledWithHostDown calls a move off while a host is down: the error
// says what the others have seen, whoever of them is asked first.
func TestMove_cancelledWithHostDown(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	seen, hidden := world.StartGuest(t, lab.GuestSpec{Bare: true}), world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm3"})
	running := "VM " + seen.Name + " is running on kvm1"
	notSeen := func(vm string) string {
		return "VM " + vm + " is running neither on kvm1 nor on kvm2; whether it is running on kvm3 is not known, because kvm3 does not answer"
	}
	for name, test := range map[string]struct {
		unreachable Unreachable
		uri, vm     string
		want        string
	}{
		"it refuses, and has not the VM":         {UnreachableError, refusing, seen.Name, running},
		"it refuses, and has the VM":             {UnreachableError, refusing, hidden.UUID, notSeen(hidden.UUID)},
		"it refuses, which is a warning":         {UnreachableWarn, refusing, hidden.Name, notSeen(hidden.Name)},
		"it is silent, and has not the VM":       {UnreachableError, lab.MuteURI(t), seen.UUID, running},
		"it is silent, which is a warning":       {UnreachableWarn, lab.MuteURI(t), seen.Name, running},
		"it is silent, and no host knows the VM": {UnreachableWarn, lab.MuteURI(t), "nobody", notSeen("nobody")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := labConfig(t, test.unreachable)
			config.Hosts[2].URI = test.uri
			f := open(t, config)
			ctx, cancel := context.WithCancel(testContext(t))
			cancel()
			_, err := f.Move(ctx, Move{VM: test.vm, Destination: "kvm2", Mode: migration.Auto}, quiet)
			if want := "The move of VM " + test.vm + " to kvm2 was cancelled before it was started.\n\n" + test.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
