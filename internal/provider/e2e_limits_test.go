//go:build lab

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// fleetMove is several guests moved to kvm2 at once, with a limit per host.
func fleetMove(t *testing.T, guests []*lab.Guest, limit int, policy string) string {
	t.Helper()
	var names []string
	for _, guest := range guests {
		names = append(names, fmt.Sprintf("%q", guest.Name))
	}
	provider := labProvider(t)
	provider.Limit = limit
	return provider.String() + fmt.Sprintf(`
action "virt_vm_live_migration" "move" {
  for_each = toset([%s])
  config {
    vm          = each.key
    destination = "kvm2"
    %s
  }
}
`, strings.Join(names, ", "), policy)
}

// moving counts the guests that are being moved away from kvm1.
func moving(t *testing.T, guests []*lab.Guest) int {
	t.Helper()
	count := 0
	for _, guest := range guests {
		info, err := testLab(t).Host("kvm1").Virsh(t.Context(), "domjobinfo", guest.Name)
		if err == nil && strings.Contains(info, "Outgoing migration") {
			count++
		}
	}
	return count
}

// waiting counts the guests whose moves said, once or more often, that they wait for a slot on kvm1.
func waiting(said string, guests []*lab.Guest, limit int) int {
	count := 0
	for _, guest := range guests {
		if strings.Contains(said, fmt.Sprintf("VM %s is waiting for its turn to move to kvm2: kvm1 sends as many VMs as it may already (max_outgoing_migrations = %d)", guest.Name, limit)) {
			count++
		}
	}
	return count
}

// awaitTurns waits until as many guests move as may, and the others wait: as long as [awaitMove].
func awaitTurns(t *testing.T, guests []*lab.Guest, r *run, limit int) {
	t.Helper()
	eventually(t, 2*time.Minute, "as many guests move as may, and the others wait", func() bool {
		r.mustRun(t)
		return moving(t, guests) == limit && waiting(r.stdout.String(), guests, limit) == len(guests)-limit
	})
}

// TestAccLimits asks for three moves at once, more than there are slots for. It
// counts what moves, so it has the lab for itself.
func TestAccLimits(t *testing.T) {
	needActions(t)
	guests := testLab(t).StartGuests(t, 3, lab.GuestSpec{})
	for _, test := range []struct {
		name string
		run  func(*testing.T, []*lab.Guest)
	}{
		{"interrupted", limitsInterrupted},
		{"killed", limitsKilled},
		{"to the end", limitsKept},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, guests) })
	}
}

// limitsInterrupted cancels moves that run and a move that waits.
func limitsInterrupted(t *testing.T, guests []*lab.Guest) {
	w := newWorkspace(t, fleetMove(t, guests, 2, slowMove))
	r := w.start(t, invoke...)
	awaitTurns(t, guests, r, 2)
	interrupted := time.Now()
	r.signal(t, syscall.SIGINT)
	got := r.wait(t, time.Minute)
	took := time.Since(interrupted)
	t.Logf("ended %s after the interrupt\n%s", took.Round(time.Millisecond), got.stderr)
	if got.code != 1 || took > 10*time.Second {
		t.Errorf("exit code %d after %s", got.code, took)
	}
	for _, guest := range guests {
		if !sayingAll("Migration Cancelled", "VM "+guest.Name+" is running on kvm1").MatchString(got.stderr) {
			t.Errorf("it does not say where %s is", guest.Name)
		}
		requireStayed(t, testLab(t), guest)
	}
	if n := strings.Count(got.stderr, "was cancelled before it was started"); n != 1 {
		t.Errorf("%d moves say that they were not started, want 1", n)
	}
}

// limitsKilled kills Terraform alone while one move runs and the others wait: the
// provider carries the one to its end and never begins another.
func limitsKilled(t *testing.T, guests []*lab.Guest) {
	w := newWorkspace(t, fleetMove(t, guests, 1, slowMove))
	r := w.start(t, invoke...)
	awaitTurns(t, guests, r, 1)
	runs := guests[slices.IndexFunc(guests, func(g *lab.Guest) bool { return moving(t, []*lab.Guest{g}) == 1 })]
	awaitMove(t, runs, r)
	r.signal(t, syscall.SIGKILL)
	r.wait(t, 20*time.Second)
	testLab(t).Host("kvm1").MustVirsh(t, "migrate-setspeed", runs.Name, "1000")
	eventually(t, time.Minute, "no process is left", func() bool { return len(r.group(t)) == 0 })
	for _, guest := range guests {
		if guest != runs {
			requireStayed(t, testLab(t), guest)
		}
	}
	requireHome(t, runs, "kvm2", "running")
	moveByVirsh(t, runs, "kvm2", "kvm1")
}

// limitsKept moves all of them, no more than the limit at a time: the last one gets its turn once another has arrived.
func limitsKept(t *testing.T, guests []*lab.Guest) {
	const limit = 2
	started := time.Now()
	watch := testLab(t).Watch(t.Context(), guests)
	w := newWorkspace(t, fleetMove(t, guests, limit, slowMove))
	r := w.start(t, invoke...)
	awaitTurns(t, guests, r, limit)
	last := slices.IndexFunc(guests, func(g *lab.Guest) bool { return moving(t, []*lab.Guest{g}) == 0 })
	for _, guest := range append(slices.Delete(slices.Clone(guests), last, last+1), guests[last]) {
		awaitMove(t, guest, r)
		testLab(t).Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
	}
	got := r.wait(t, time.Minute)
	most := watch.Stop()["kvm1"].Out
	t.Logf("%d at a time, %s in all\n%s", most, time.Since(started).Round(time.Millisecond), strings.Join(progressLines(got.stdout), "\n"))
	if got.code != 0 {
		t.Fatal(got)
	}
	if most != limit {
		t.Errorf("%d moves at a time, want %d", most, limit)
	}
	if n := waiting(got.stdout, guests, limit); n != len(guests)-limit {
		t.Errorf("%d moves said that they wait, want %d", n, len(guests)-limit)
	}
	for _, guest := range guests {
		requireHome(t, guest, "kvm2", "running")
		requireSteadyPulse(t, guest, started, 5*time.Second)
	}
}
