//go:build lab

package fleet

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestMove_oneAtATime asks twice at once for the same move, as an action and a
// resource do, which name the VM differently: one of them moves it, the other one
// waits, says so, and finds it there. A direct move is the one that a second
// would break: until memory is sent, libvirt on the source does not know of it.
func TestMove_oneAtATime(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	f := open(t, labConfig(t, UnreachableError))
	limit := int64(1) // until the other one has said that it waits
	type answer struct {
		moved Moved
		err   error
	}
	started := time.Now()
	ended, waits := make(chan answer, 2), make(chan struct{})
	waiting := sync.OnceFunc(func() { close(waits) })
	for _, vm := range []string{guest.Name, strings.ToUpper(guest.UUID)} {
		go func() {
			moved, err := f.Move(testContext(t), Move{VM: vm, Destination: "kvm2", Mode: migration.Direct, Policy: policy.Policy{BandwidthMiBPerSecond: &limit}}, func(p Progress) {
				if p.Waiting.Kind == places.OtherMove {
					waiting()
				}
			})
			ended <- answer{moved, err}
		}()
	}
	select {
	case <-waits:
	case a := <-ended:
		t.Fatalf("one ended before the other one said that it waits: %+v, %v", a.moved.Report, a.err)
	}
	awaitJob(t, guest, "kvm1")
	world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
	moves := 0
	for range 2 {
		switch a := <-ended; {
		case a.err != nil:
			t.Error(a.err)
		case a.moved.Report.Moved:
			moves++
		case a.moved.Location.Host != "kvm2" || !a.moved.Report.Unwatched:
			t.Errorf("the one that waited found the VM on %s, %+v", a.moved.Location.Host, a.moved.Report)
		}
	}
	if moves != 1 {
		t.Errorf("the VM was moved %d times", moves)
	}
	requireOn(t, f, guest, "kvm2")
	if _, err := guest.NextBeat(testContext(t)); err != nil {
		t.Fatalf("no heartbeat: %v", err)
	}
	if pulse := guest.Between(started, time.Now()); len(pulse.Lost)+len(pulse.Repeated) > 0 {
		t.Errorf("beats lost %v, repeated %v", pulse.Lost, pulse.Repeated)
	}
}
