//go:build lab

package fleet

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestMove_cancelledWithHostDown cancels a move while a host is down: the error
// says what the others have seen, whoever of them is asked first.
func TestMove_cancelledWithHostDown(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	seen, hidden := world.StartGuest(t, lab.GuestSpec{Bare: true}), world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm3"})
	running, hiding := []string{"kvm1 running", "kvm2 -", "kvm3 ?"}, []string{"kvm1 -", "kvm2 -", "kvm3 ?"}
	found := []string{"kvm1 running"} // and the silent host may be left out
	for name, test := range map[string]struct {
		unreachable Unreachable
		uri, vm     string
		want        []string
	}{
		"it refuses, and has not the VM":         {UnreachableError, refusing, seen.Name, running},
		"it refuses, and has the VM":             {UnreachableError, refusing, hidden.UUID, hiding},
		"it refuses, which is a warning":         {UnreachableWarn, refusing, hidden.Name, hiding},
		"it is silent, and has not the VM":       {UnreachableError, lab.MuteURI(t), seen.UUID, running},
		"it is silent, which is a warning":       {UnreachableWarn, lab.MuteURI(t), seen.Name, found},
		"it is silent, and no host knows the VM": {UnreachableWarn, lab.MuteURI(t), "nobody", hiding},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := labConfig(t, test.unreachable)
			config.Hosts[2].URI = test.uri
			f := open(t, config)
			ctx, cancel := context.WithCancel(testContext(t))
			cancel()
			_, err := f.Move(ctx, Move{VM: test.vm, Destination: "kvm2", Mode: migration.Auto}, quiet)
			var e *migration.CancelledError
			if !errors.As(err, &e) || !errors.Is(err, context.Canceled) || e.Unfound != nil || e.Outcome.Name != test.vm {
				t.Fatalf("error %v, want a CancelledError of %s", err, test.vm)
			}
			if diff := cmp.Diff(test.want, said(e.Whereabouts().Hosts)); diff != "" {
				t.Errorf("whereabouts (-want +got):\n%s", diff)
			}
		})
	}
}
