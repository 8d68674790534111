//go:build lab

package fleet

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// A host is not opened while another run still moves VMs off it, and no move leaves one for its maintenance that is open.
func TestEndMaintenance_stillLeaving(t *testing.T) {
	world := testLab(t)
	f, other := open(t, labConfig(t, UnreachableError)), open(t, labConfig(t, UnreachableError))
	guest := world.StartGuest(t, lab.GuestSpec{})
	cordonHost(t, f, "kvm1", cordon.Record{})
	_, err := f.Move(testContext(t), Move{VM: guest.UUID, Last: "kvm1", Destination: "kvm2", Evacuation: "e", fromCordoned: true}, func(Progress) {})
	if opened := (*OpenedError)(nil); !errors.As(err, &opened) {
		t.Errorf("a move from a host that is open: %v", err)
	}
	if _, past, err := f.History(testContext(t), guest.UUID); err != nil || len(past.Entries) != 0 {
		t.Errorf("its history has %v, %v", past.Entries, err)
	}

	declareVM(t, f, guest, policy.Policy{BandwidthMiBPerSecond: new(int64(1))})
	ctx, cancel := context.WithCancel(testContext(t))
	ended, sent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		begun := false
		_, _ = f.Evacuate(ctx, Evacuation{Host: "kvm1", Cordon: true}, func(p EvacuationProgress) {
			if p.Move != nil && p.Move.Total > 0 && !begun {
				begun = true
				close(sent)
			}
		})
	}()
	defer func() { <-ended }()
	defer cancel()
	select {
	case <-sent:
	case <-ended:
		t.Fatal("the evacuation has ended")
	}
	plan, err := other.PlanReturn(testContext(t), "kvm1")
	if err != nil || len(plan.Leaving) != 1 || plan.Leaving[0].UUID != guest.UUID || plan.Leaving[0].BoundFor == "" {
		t.Errorf("planned: %+v, %v", plan, err)
	}
	began := time.Now()
	_, _, err = other.EndMaintenance(testContext(t), "kvm1", true, true, func(EvacuationProgress) {})
	t.Logf("refused after %s: %v", time.Since(began), err)
	if leaving := (*StillLeavingError)(nil); !errors.As(err, &leaving) || leaving.Opened || len(leaving.VMs) != 1 {
		t.Errorf("got %v", err)
	}
	if record, err := other.Cordon(testContext(t), "kvm1"); err != nil || !record.Cordoned {
		t.Errorf("the host's record: %+v, %v", record, err)
	}
	cancel()
	<-ended
	if _, failures, err := other.EndMaintenance(testContext(t), "kvm1", true, false, func(EvacuationProgress) {}); err != nil || len(failures) > 0 {
		t.Errorf("once the move has ended: %v, %v", failures, err)
	}
}
