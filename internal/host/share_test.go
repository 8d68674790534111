//go:build lab

package host_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// allotted is a budget of which the test itself says what the share is.
type allotted struct {
	mu      sync.Mutex
	share   int64
	changed chan struct{}
	held    chan migration.Hold
}

func newAllotted(share int64) *allotted {
	return &allotted{share: share, changed: make(chan struct{}), held: make(chan migration.Hold, 100)}
}

func (a *allotted) Join(context.Context, int) int64 { return a.share }

func (a *allotted) Share() (int64, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.share, a.changed
}

func (a *allotted) Inform(h migration.Hold) { a.held <- h }

// become changes the share, and waits until libvirt is said to hold the migration to it.
func (a *allotted) become(t *testing.T, share int64) {
	t.Helper()
	a.mu.Lock()
	a.share = share
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	a.await(t, func(h migration.Hold) bool { return h.Limit == share })
}

func (a *allotted) await(t *testing.T, is func(migration.Hold) bool) {
	t.Helper()
	for deadline := time.After(time.Minute); ; {
		select {
		case h := <-a.held:
			if is(h) {
				return
			}
		case <-deadline:
			t.Fatal("the engine does not tell that it is")
		}
	}
}

// TestShareReachesQEMU changes the share of a migration that runs, before it is switched to
// post-copy and after.
func TestShareReachesQEMU(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	budget := newAllotted(5)
	request := moveOf(guest, source, destination, migration.PeerToPeer, policy.Policy{
		PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy), Timeout: new(8 * time.Second),
		PostCopyBandwidthMiBPerSecond: new(int64(16)),
	})
	request.Budget = budget
	has := func(before, after float64) {
		t.Helper()
		for name, want := range map[string]float64{"max-bandwidth": before, "max-postcopy-bandwidth": after} {
			parameters, _ := qemu(t, w.Hosts[0], guest.UUID)
			for end := time.Now().Add(5 * time.Second); parameters[name] != want*(1<<20) && time.Now().Before(end); {
				parameters, _ = qemu(t, w.Hosts[0], guest.UUID) // the order is under way
			}
			if parameters[name] != want*(1<<20) {
				t.Errorf("QEMU has a %s of %v, want %v MiB/s", name, parameters[name], want)
			}
		}
	}
	phases := make(chan migration.Phase, 100)
	ended := make(chan error, 1)
	go func() {
		_, err := migration.Run(testContext(t), request, func(p migration.Progress) {
			select {
			case phases <- p.Phase:
			default: // nobody waits for one any more
			}
		})
		ended <- err
	}()
	reach := func(phase migration.Phase) {
		t.Helper()
		for deadline := time.After(time.Minute); ; {
			select {
			case p := <-phases:
				if p == phase {
					return
				}
			case <-deadline:
				t.Fatalf("it does not get to %s", phase)
			}
		}
	}
	reach(migration.PhasePreCopy)
	has(4, 4)
	budget.become(t, 20)
	has(19, 16)
	reach(migration.PhasePostCopy)
	budget.await(t, func(h migration.Hold) bool { return h.PostCopy })
	budget.become(t, 10)
	has(19, 9)
	budget.become(t, 40)
	has(19, 16)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
