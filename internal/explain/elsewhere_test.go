package explain

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestFailure_elsewhere wants what a third host has of the VM to be said, and no advice
// that could start a second copy beside it.
func TestFailure_elsewhere(t *testing.T) {
	t.Parallel()
	const (
		running, paused, off     = migration.StateRunning, migration.StatePaused, migration.StateShutOff
		incoming, postCopySource = migration.StateIncoming, migration.StatePostCopySource
		gone, silent             = migration.DomainState(-1), migration.DomainState(-2)

		moved     = "Somebody else has moved or started the VM on another host in the meantime."
		old       = " a still holds a paused copy whose memory is out of date. Never resume it; remove it with `virsh destroy 4711` on a."
		incomingC = "An incoming domain of another migration of the VM is on c, and may be about to run. " +
			"Neither start nor resume the VM anywhere before that has ended: `virsh domstate 4711` there shows it."
	)
	seen := func(host string, state migration.DomainState) migration.Observation {
		switch state {
		case gone:
			return migration.Observation{Host: host, Err: migration.ErrNoDomain}
		case silent:
			return migration.Observation{Host: host, Err: migration.ErrUnreachable}
		default:
			return migration.Observation{Host: host, Domain: migration.Domain{Name: "web", State: state}}
		}
	}
	for name, test := range map[string]struct {
		source, destination, third migration.DomainState
		untouched                  bool
		want                       []string
	}{
		"it runs":                               {off, gone, running, false, []string{moved, "VM web is running on c"}},
		"it runs, and did not before the start": {off, gone, running, true, []string{moved, "VM web is running on c"}},
		"it runs, and is paused on the source":  {paused, gone, running, false, []string{moved + old, "VM web is running on c"}},
		"it runs, and the destination is silent": {
			paused, silent, running, false, []string{moved + old, "VM web is running on c"},
		},
		"it fetches memory from the source": {postCopySource, gone, migration.StatePostCopy, false, []string{
			moved + " a holds a part of its memory: neither resume nor destroy it there.", "VM web is running on c",
		}},
		"it is paused on two": {paused, gone, paused, false, []string{
			moved + " a holds a paused copy, too, and it cannot be told from here which one has the newer memory. " +
				"Compare `virsh domstate --reason 4711` on the hosts; resume one of them only after the other one was ended with `virsh destroy 4711` on its host.",
			"VM web is paused on a and on c",
		}},
		"it runs, and is asleep on the source": {migration.StateAsleep, gone, running, false, []string{
			moved + " a still holds a sleeping copy whose memory is out of date. Never wake it; remove it with `virsh destroy 4711` on a.", "VM web is running on c",
		}},
		"it is asleep on two": {migration.StateAsleep, gone, migration.StateAsleep, false, []string{
			moved + " a holds a sleeping copy, too, and it cannot be told from here which one has the newer memory. " +
				"Compare `virsh domstate --reason 4711` on the hosts; wake one of them only after the other one was ended with `virsh destroy 4711` on its host.",
			"VM web is asleep (pmsuspended) on a and on c",
		}},
		"it is paused, and the destination is silent": {gone, silent, paused, false, []string{
			moved, "VM web is paused on c; whether it is running on b is not known, because b does not answer",
		}},
		"it is received, and is paused on the source": {paused, gone, incoming, false, []string{incomingC, "VM web is paused on a"}},
		"it is received, and the source is off":       {off, gone, incoming, false, []string{incomingC, "VM web is running neither on a nor on b nor on c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := &migration.FailedError{Failure: migration.Failure{
				Course: migration.Course{Err: errors.New("it broke"), Elapsed: time.Second},
				Outcome: migration.Outcome{
					UUID: "4711", Name: "web", Untouched: test.untouched, Source: seen("a", test.source), Destination: seen("b", test.destination),
				},
				Elsewhere: []migration.Observation{seen("c", test.third)},
			}}
			want := "The migration of VM web from a to b failed after 1s. libvirt says: it broke.\n\n" + strings.Join(test.want, "\n\n")
			if got := Failure(failed).Detail; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
