package rpc

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// openScripted starts a daemon and opens a connection to it.
func openScripted(t *testing.T, held ...uint32) (*rpctest.Daemon, *Conn) {
	t.Helper()
	return openBehind(t, func(near net.Conn) net.Conn { return near }, held...)
}

// openBehind is openScripted, with something around our end of the stream.
func openBehind(t *testing.T, around func(net.Conn) net.Conn, held ...uint32) (*rpctest.Daemon, *Conn) {
	t.Helper()
	d, near := rpctest.Start(t, held...)
	c, err := Open(t.Context(), around(near), "qemu:///system", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.WithoutCancel(t.Context()), 5*time.Second); err != nil {
			t.Error(err)
		}
	})
	return d, c
}

func version(lv *libvirt.Libvirt) error {
	_, err := lv.ConnectGetLibVersion()
	return err
}

func jobStats(lv *libvirt.Libvirt) error {
	_, _, err := lv.DomainGetJobStats(libvirt.Domain{}, 0)
	return err
}

func abort(lv *libvirt.Libvirt) error { return lv.DomainAbortJob(libvirt.Domain{}) }

// eventually polls until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !rpctest.Poll(10*time.Second, so) {
		t.Fatalf("%s: not within 10 s", what)
	}
}

// Calls that wait leave room for the one that ends the waiting.
func TestAbortPassesWaitingCalls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		class Class
		slots int
	}{
		"for a domain":             {Patient, patientSlots},
		"for a daemon behind this": {Quick, sharedSlots},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := openScripted(t, rpctest.ProcJobStats)
			var waiting sync.WaitGroup
			for range 10 {
				waiting.Go(func() {
					if err := c.Call(t.Context(), time.Minute, test.class, jobStats); err != nil {
						t.Error(err)
					}
				})
			}
			eventually(t, "calls sent", func() bool { return d.Calls(rpctest.ProcJobStats) == test.slots })
			if err := c.Call(t.Context(), 5*time.Second, Urgent, abort); err != nil {
				t.Errorf("abort: %v", err)
			}
			if n := d.Calls(rpctest.ProcJobStats); n != test.slots {
				t.Errorf("%d calls keep the daemon busy, want %d", n, test.slots)
			}
			close(d.Release)
			waiting.Wait()
			if n := d.Calls(rpctest.ProcJobStats); n != 10 {
				t.Errorf("%d calls were made, want 10", n)
			}
		})
	}
}

// Calls that wait for a domain leave room for one that waits for none.
func TestQuickCallPassesThoseThatWaitForADomain(t *testing.T) {
	t.Parallel()
	d, c := openScripted(t, rpctest.ProcJobStats)
	var waiting sync.WaitGroup
	for range 10 {
		waiting.Go(func() {
			if err := c.Call(t.Context(), time.Minute, Patient, jobStats); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "calls sent", func() bool { return d.Calls(rpctest.ProcJobStats) == patientSlots })
	if err := c.Call(t.Context(), 5*time.Second, Quick, abort); err != nil {
		t.Errorf("quick call: %v", err)
	}
	close(d.Release)
	waiting.Wait()
}

// Reads of a plan are sent without waiting for answers, and keep nobody from the slots of others.
func TestBulkCallsDoNotWaitForOneAnother(t *testing.T) {
	t.Parallel()
	d, c := openScripted(t, rpctest.ProcJobStats)
	var waiting sync.WaitGroup
	for range bulkSlots + 1 {
		waiting.Go(func() {
			if err := c.Call(t.Context(), time.Minute, Bulk, jobStats); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "calls sent", func() bool { return d.Calls(rpctest.ProcJobStats) == bulkSlots })
	for class, name := range map[Class]string{Quick: "quick", Writing: "writing", Urgent: "urgent"} {
		if err := c.Call(t.Context(), 5*time.Second, class, abort); err != nil {
			t.Errorf("%s call: %v", name, err)
		}
	}
	if n := d.Calls(rpctest.ProcJobStats); n != bulkSlots {
		t.Errorf("%d calls wait in the daemon, want %d", n, bulkSlots)
	}
	close(d.Release)
	waiting.Wait()
}

// Writes that wait for domains leave slots for those who watch.
func TestWritesLeaveSlotsForReads(t *testing.T) {
	t.Parallel()
	d, c := openScripted(t, rpctest.ProcAbortJob)
	var waiting sync.WaitGroup
	for range 5 {
		waiting.Go(func() {
			if err := c.Call(t.Context(), time.Minute, Writing, abort); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "writes sent", func() bool { return d.Calls(rpctest.ProcAbortJob) == writeSlots })
	if err := c.Call(t.Context(), 5*time.Second, Patient, jobStats); err != nil {
		t.Errorf("statistics: %v", err)
	}
	close(d.Release)
	waiting.Wait()
}

// A call that is left by its caller goes on, and disturbs nobody.
func TestCancelledCallLeavesTheConnection(t *testing.T) {
	t.Parallel()
	d, c := openScripted(t, rpctest.ProcJobStats)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- c.Call(ctx, time.Minute, Patient, jobStats) }()
	eventually(t, "call sent", func() bool { return d.Calls(rpctest.ProcJobStats) == 1 })
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if !c.Usable() {
		t.Error("the connection was given up")
	}
	if err := c.Call(t.Context(), 5*time.Second, Quick, version); err != nil {
		t.Error(err)
	}
	close(d.Release)
	eventually(t, "call ended", c.idle)
}

// A call that is not answered by its deadline retires the connection, which
// serves those who still wait on it and then closes.
func TestLateCallRetiresTheConnection(t *testing.T) {
	t.Parallel()
	d, c := openScripted(t, rpctest.ProcJobStats, rpctest.ProcAbortJob)
	other := make(chan error, 1)
	go func() { other <- c.Call(t.Context(), time.Minute, Urgent, abort) }()
	eventually(t, "other call sent", func() bool { return d.Calls(rpctest.ProcAbortJob) == 1 })
	err := c.Call(t.Context(), 50*time.Millisecond, Patient, jobStats)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if c.Usable() {
		t.Error("the connection is still used")
	}
	if cause := c.guard.Cause(); cause != nil {
		t.Errorf("the connection was closed under the other call: %v", cause)
	}
	close(d.Release)
	if err := <-other; err != nil {
		t.Errorf("the other call: %v", err)
	}
	eventually(t, "connection closed", func() bool { return c.guard.Cause() != nil })
}

// Whoever leaves before, a call that never ends closes the connection at its
// deadline.
func TestAbandonedCallEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, c := openScripted(t, rpctest.ProcJobStats)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- c.Call(ctx, 300*time.Millisecond, Patient, jobStats) }()
		eventually(t, "call sent", func() bool { return d.Calls(rpctest.ProcJobStats) == 1 })
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		eventually(t, "connection ended", c.Ended)
		close(d.Release)
	})
}

func TestLostConnectionSaysWhetherTheCallWasSent(t *testing.T) {
	t.Parallel()
	d, c := openScripted(t, rpctest.ProcAbortJob)
	lost := make(chan error, 1)
	go func() { lost <- c.Call(t.Context(), time.Minute, Urgent, abort) }()
	eventually(t, "call sent", func() bool { return d.Calls(rpctest.ProcAbortJob) == 1 })
	_ = d.Conn.Close()
	close(d.Release)
	var e *LostError
	if err := <-lost; !errors.As(err, &e) || e.Unsent {
		t.Errorf("got %v, want a call that was sent and lost", err)
	}
	if err := c.Call(t.Context(), time.Minute, Urgent, abort); !errors.As(err, &e) || !e.Unsent {
		t.Errorf("got %v, want a call that was not sent", err)
	}
}

// clinging is a stream that takes its time to close.
type clinging struct {
	net.Conn
	release chan struct{}
}

func (c *clinging) Close() error {
	<-c.release
	return c.Conn.Close()
}

// A stream that does not close keeps nobody waiting but its owner, and that one
// no longer than it wants.
func TestStreamThatDoesNotClose(t *testing.T) {
	t.Parallel()
	stream := &clinging{release: make(chan struct{})}
	d, c := openBehind(t, func(near net.Conn) net.Conn { stream.Conn = near; return stream }, rpctest.ProcJobStats)
	started := time.Now()
	if err := c.Call(t.Context(), 100*time.Millisecond, Patient, jobStats); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	var lost *LostError
	if err := c.Call(t.Context(), time.Minute, Quick, version); !errors.As(err, &lost) || !lost.Unsent {
		t.Errorf("got %v, want a call that was not sent", err)
	}
	if err := c.Close(t.Context(), 100*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	if c.Ended() {
		t.Error("its stream is there, and it has ended")
	}
	close(stream.release)
	eventually(t, "connection ended", c.Ended)
	close(d.Release)
}

// A panic of the library's decoder ends the connection and nothing else.
func TestMalformedReplyIsAnError(t *testing.T) {
	t.Parallel()
	_, c := openScripted(t)
	err := c.Call(t.Context(), 5*time.Second, Quick, func(*libvirt.Libvirt) error { panic("makeslice: len out of range") })
	var e *ProtocolError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want a protocol error", err)
	}
	if c.Usable() {
		t.Error("the connection is still used")
	}
}
