package fleet

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestFoundOn wants what a third host has of the VM to be said, and no advice
// that could start a second copy beside it.
func TestFoundOn(t *testing.T) {
	t.Parallel()
	const (
		running, paused, off     = migration.StateRunning, migration.StatePaused, migration.StateShutOff
		incoming, postCopySource = migration.StateIncoming, migration.StatePostCopySource
		gone, silent             = migration.DomainState(-1), migration.DomainState(-2)

		moved = "Somebody else has moved or started the VM on another host in the meantime."
		old   = " a still holds a paused copy whose memory is out of date. Never resume it; remove it with `virsh destroy 4711` on a."
		half  = "The receiving half of another migration of the VM is on c, and may be about to run. " +
			"Neither start nor resume the VM anywhere before that has ended: `virsh domstate 4711` there tells."
	)
	sighting := func(host string, state migration.DomainState) migration.Sighting {
		switch state {
		case gone:
			return migration.Sighting{Host: host, Err: migration.ErrNoDomain}
		case silent:
			return migration.Sighting{Host: host, Err: migration.ErrUnreachable}
		default:
			return migration.Sighting{Host: host, Domain: migration.Domain{Name: "web", State: state}}
		}
	}
	for name, test := range map[string]struct {
		source, destination, third migration.DomainState
		untouched                  bool
		want                       []string // nothing when the move's own error holds
	}{
		"nothing":                               {source: paused, destination: gone, third: gone},
		"a definition":                          {source: paused, destination: gone, third: off},
		"no answer":                             {source: paused, destination: gone, third: silent},
		"what another migration left":           {source: paused, destination: gone, third: postCopySource},
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
				"Compare `virsh domstate --reason 4711` on the hosts; resume one of them only after the other one was ended with `virsh destroy 4711`.",
			"VM web is paused on a and on c",
		}},
		"it runs, and is asleep on the source": {migration.StateAsleep, gone, running, false, []string{
			moved + " a still holds a sleeping copy whose memory is out of date. Never wake it; remove it with `virsh destroy 4711` on a.", "VM web is running on c",
		}},
		"it is asleep on two": {migration.StateAsleep, gone, migration.StateAsleep, false, []string{
			moved + " a holds a sleeping copy, too, and it cannot be told from here which one has the newer memory. " +
				"Compare `virsh domstate --reason 4711` on the hosts; wake one of them only after the other one was ended with `virsh destroy 4711`.",
			"VM web is asleep (pmsuspended) on a and on c",
		}},
		"it is paused, and the destination is silent": {gone, silent, paused, false, []string{
			moved, "VM web is paused on c; whether it is running on b is not known, because b does not answer",
		}},
		"it is received, and is paused on the source":          {paused, gone, incoming, false, []string{half, "VM web is paused on a"}},
		"it is received, and the source is off":                {off, gone, incoming, false, []string{half, "VM web is running neither on a nor on b nor on c"}},
		"it is received, which the checks before have told of": {source: paused, destination: gone, third: incoming, untouched: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := &migration.FailedError{Failure: migration.Failure{Happened: "It failed.", Outcome: migration.Outcome{
				UUID: "4711", Name: "web", Untouched: test.untouched, Source: sighting("a", test.source), Destination: sighting("b", test.destination),
			}}}
			got := foundOn([]migration.Sighting{sighting("c", test.third)}, failed)
			if got == nil || len(test.want) == 0 {
				if got != nil || len(test.want) > 0 {
					t.Errorf("got %v", got)
				}
				return
			}
			if want := "It failed.\n\n" + strings.Join(test.want, "\n\n"); got.Error() != want {
				t.Errorf("got:\n%v\nwant:\n%s", got, want)
			}
		})
	}
}
