//go:build lab

package provider_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// recoveriesVariable is how often the link is cut, and the VM recovered, by TestAccPostCopyRecovery.
const recoveriesVariable = "VIRT_RECOVERIES"

// TestAccPostCopyRecovery cuts the link of moves in post-copy, and recovers the VM by the action: again and again, there
// and back, in both modes in turn. Where libvirt of the hosts is one that crashes over it, the action refuses, and both parts
// are as they were.
func TestAccPostCopyRecovery(t *testing.T) {
	if os.Getenv("VIRT_MATRIX") != "all" {
		t.Skip("make matrix runs this, on hosts of other releases than the machine's")
	}
	needActions(t)
	world := testLab(t)
	r := &recoveries{T: t, world: world, from: world.Host("kvm1"), to: world.Host("kvm2")}
	r.guest = world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 48, Cost: 10 * time.Microsecond, CeilingMiB: 20}})
	world.HealAfter(t)
	r.impatientTCP()
	t.Log(r.to.MustVirsh(t, "version", "--daemon"))
	rounds := 20
	if text := os.Getenv(recoveriesVariable); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	for i := range rounds {
		mode := []string{"peer_to_peer", "direct"}[i%2]
		if r.cut(i+1, mode); !r.recover(i + 1) {
			return
		}
		r.from, r.to = r.to, r.from
	}
	if pulse := r.guest.Between(began, time.Now()); len(pulse.Lost) > 0 || len(pulse.Repeated) > 0 {
		t.Errorf("heartbeats lost: %v, repeated: %v", pulse.Lost, pulse.Repeated)
	}
}

// recoveries is one guest whose moves lose their link.
type recoveries struct {
	*testing.T
	world    *lab.World
	guest    *lab.Guest
	from, to *lab.Host
}

const broken = "post-copy failed"

// reason is libvirt's word for what the guest does on a host, and why; empty where it has none.
func (r *recoveries) reason(h *lab.Host) string {
	r.Helper()
	state, err := h.Virsh(r.Context(), "domstate", "--reason", r.guest.UUID)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(state)
}

// cut moves the guest, and cuts the link once it runs on its destination in post-copy.
func (r *recoveries) cut(round int, mode string) {
	r.Helper()
	if err := r.from.Limit(r.Context(), 4); err != nil {
		r.Fatal(err)
	}
	w := newWorkspace(r.T, labProvider(r).String()+fmt.Sprintf(`
action "virt_vm_live_migration" "move" {
  config {
    vm          = %q
    destination = %q
    mode        = %q
    post_copy   = true
    timeout     = "10s"
    on_timeout  = "post_copy"
  }
}
`, r.guest.Name, r.to.Name, mode))
	move := w.start(r.T, invoke...)
	eventually(r.T, time.Minute, "the guest runs in post-copy", func() bool {
		move.mustRun(r.T)
		return r.reason(r.to) == "running (post-copy)"
	})
	// The fault comes at another moment each time, and never at once: emulated QEMU delivers interrupts under its global lock,
	// and blocks for good, its monitor included, where what they need of the guest's memory has not come by then.
	time.Sleep(2*time.Second + time.Duration(round%5)*400*time.Millisecond)
	if err := r.world.Cut(r.Context(), r.from, r.to); err != nil {
		r.Fatal(err)
	}
	struck := time.Now()
	eventually(r.T, time.Minute, "the source has lost its link", func() bool { return strings.Contains(r.reason(r.from), broken) })
	r.notice(round)
	ended := move.wait(r.T, 2*time.Minute)
	if ended.code != 1 || !strings.Contains(ended.stderr+ended.stdout, "virt_vm_postcopy_recovery") {
		r.Fatalf("round %d: the move ended with %s", round, ended)
	}
	if here, there := r.reason(r.from), r.reason(r.to); !strings.Contains(here, broken) || !strings.Contains(there, broken) {
		r.Fatalf("round %d: it is %q on %s and %q on %s", round, here, r.from.Name, there, r.to.Name)
	}
	r.Logf("round %d, %s, %s to %s: cut, told after %s", round, mode, r.from.Name, r.to.Name, time.Since(struck).Round(time.Second))
	if err := r.world.Heal(r.Context()); err != nil {
		r.Fatal(err)
	}
	r.impatientTCP()
}

// notice makes QEMU on the destination notice that the link is lost, as the guide says, where it does not by itself: one that
// waits for memory that it has asked for has nothing to send, and its kernel nothing to give up.
func (r *recoveries) notice(round int) {
	r.Helper()
	for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(250 * time.Millisecond) {
		if strings.Contains(r.reason(r.to), broken) {
			return
		}
	}
	r.Logf("round %d: %s has not noticed: its connection is broken there", round, r.to.Name)
	connection := fmt.Sprintf("sport >= :%d and sport <= :%d and dst %s", lab.MigrationPorts[0], lab.MigrationPorts[1], r.from.Address)
	if out, err := r.to.Command(r.Context(), "ss", "--kill", "--tcp", connection).CombinedOutput(); err != nil {
		r.Fatalf("round %d: %v: %s", round, err, out)
	}
	eventually(r.T, time.Minute, "the destination has noticed", func() bool { return strings.Contains(r.reason(r.to), broken) })
}

// recover invokes the action; it tells whether the hosts' libvirt can recover.
func (r *recoveries) recover(round int) bool {
	r.Helper()
	w := newWorkspace(r.T, labProvider(r).String()+fmt.Sprintf(`
action "virt_vm_postcopy_recovery" "vm" {
  config {
    vm = %q
  }
}
`, r.guest.Name))
	began := time.Now()
	recovery := w.start(r.T, "apply", "-auto-approve", "-input=false", "-invoke=action.virt_vm_postcopy_recovery.vm")
	select {
	case <-recovery.ended:
	case <-time.After(time.Minute):
		for _, h := range []*lab.Host{r.from, r.to} {
			status, err := h.Virsh(r.Context(), "qemu-monitor-command", r.guest.UUID, `{"execute":"query-migrate"}`)
			connections, _ := h.Command(r.Context(), "ss", "--tcp", "--numeric", "--all").Output()
			r.Logf("%s: %s; %.400s, %v\n%s", h.Name, r.reason(h), status, err, connections)
		}
	}
	ended := recovery.wait(r.T, time.Second)
	if ended.code != 0 {
		r.Logf("round %d: %s", round, ended)
	}
	if strings.Contains(r.from.MustVirsh(r.T, "version", "--daemon"), "Running against daemon: 11.3.") {
		if ended.code != 1 || !saying("crashes over the recovery of a post-copy").MatchString(ended.stderr+ended.stdout) {
			r.Error("it is not refused by the release of libvirt")
		}
		if !strings.Contains(r.reason(r.from), broken) || !strings.Contains(r.reason(r.to), broken) {
			r.Errorf("the refusal has changed the parts: %s, %s", r.reason(r.from), r.reason(r.to))
		}
		return false
	}
	if ended.code != 0 {
		r.Fatalf("round %d: it is not recovered: %s on %s, %s on %s", round, r.reason(r.from), r.from.Name, r.reason(r.to), r.to.Name)
	}
	if state := r.reason(r.to); !strings.HasPrefix(state, "running") || strings.Contains(state, "post-copy") {
		r.Errorf("round %d: on %s it is %q", round, r.to.Name, state)
	}
	if left := r.reason(r.from); left != "" {
		r.Errorf("round %d: on %s it is still %q", round, r.from.Name, left)
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	if _, err := r.guest.NextBeat(ctx); err != nil {
		r.Fatalf("round %d: the guest does not beat: %v", round, err)
	}
	past := r.to.MustVirsh(r.T, "metadata", r.guest.UUID, "urn:virt:migration-history:1", "--config")
	if open := strings.Count(past, `"outcome":"started"`); open > 0 || !strings.Contains(past, `"phase":"post_copy"`) {
		r.Errorf("round %d: the history has %d open entries: %s", round, open, past)
	}
	r.Logf("round %d: recovered in %s", round, time.Since(began).Round(100*time.Millisecond))
	return true
}

// impatientTCP makes both hosts give a connection up after some seconds: Linux takes about 15 minutes.
func (r *recoveries) impatientTCP() {
	r.Helper()
	for _, h := range []*lab.Host{r.from, r.to} {
		if out, err := h.Command(r.Context(), "sh", "-c", "echo 4 >/proc/sys/net/ipv4/tcp_retries2").CombinedOutput(); err != nil {
			r.Fatalf("%v: %s", err, out)
		}
	}
}
