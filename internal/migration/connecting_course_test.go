package migration

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// held is a source that answers nothing about the job, because a call holds that.
var held = event{kind: onSilence, err: errHeld, held: true}

// connecting is a migration of which libvirt has connected for a second, under limited.
func connecting(t *testing.T) *course {
	return begin(t, PeerToPeer, limited).after(0, event{kind: onCalled}).after(time.Second, held).tells(tellConnecting)
}

func TestTransitionsWhileLibvirtConnects(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T){
		"libvirt connects, and is waited for": func(t *testing.T) {
			c := connecting(t).after(20*time.Second, asked).is(cancelling).does().because(byCaller)
			c.after(time.Minute, held).is(cancelling).does().tells(tellConnecting).
				after(cleanupGrace, tick).is(cancelling).does().
				after(time.Second, event{kind: onResult, err: errRefuse}).is(ended).unseen(nil)
		},
		"libvirt connects, and is aborted once it has": func(t *testing.T) {
			c := connecting(t).after(20*time.Second, tick).is(cancelling).does().because(outOfTime)
			c.after(time.Minute, held).does()
			c.after(time.Second, c.sends(1)).is(cancelling).does(orderAbort)
			c.after(0, event{kind: onAbortAnswer, err: errLost}).
				after(cancelGrace-time.Millisecond, event{kind: onTick}).is(cancelling).does(orderAbort)
		},
		"libvirt has connected, and nothing is sent": func(t *testing.T) {
			received := event{kind: onDestinationSeen, domain: Domain{State: StateIncoming}}
			c := begin(t, PeerToPeer, policy.Policy{}).after(0, event{kind: onCalled}).after(time.Second, held).after(0, received)
			c.after(2*startLimit, held).is(starting).does()
			started := event{kind: onReading, job: Job{Type: JobRunning, Operation: OperationMigrationOut}}
			c.after(time.Second, started).is(starting).
				after(startLimit-time.Millisecond, tick).does().
				after(time.Millisecond, tick).does(askDestination)
		},
		"libvirt connects for longer than can be": func(t *testing.T) {
			c := connecting(t)
			c.after(connectLimit-time.Second-time.Millisecond, held).is(cancelling)
			c.after(time.Second, tick).is(ended).unseen(errHeld)
		},
		"the source falls silent while libvirt connects": func(t *testing.T) {
			connecting(t).after(20*time.Second, asked).after(time.Second, event{kind: onSilence, err: errLost}).is(cancelling).
				after(cleanupGrace, tick).is(ended).unseen(errUnstopped)
		},
		"a call that holds the job of one that sends is no connecting": func(t *testing.T) {
			sending(t, PeerToPeer, policy.Policy{}).after(reportInterval, held).tells(tellSilence).
				after(silenceLimit, tick).is(ended).unseen(errSilent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t)
		})
	}
}
