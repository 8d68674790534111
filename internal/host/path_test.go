package host

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// What HasPath asks by, in remote_protocol.x.
const procPoolCreate, procPoolDestroy = 76, 80

// systemError is an answer with an error number of the system.
func systemError(errno uint32) []byte {
	answer := append(rpctest.Words(uint32(libvirt.ErrSystemError), 18, 1), rpctest.Text("cannot open path")...)
	return append(answer, rpctest.Words(2, 0, 0, 0, 0, errno, 0, 0)...)
}

// aPool is an answer that there is a pool.
func aPool() []byte { return append(rpctest.Text("pool"), make([]byte, 16)...) }

// asking is a host whose daemon answers by procedure.
func asking(t *testing.T, held []uint32, answers map[uint32]func() (uint32, []byte)) (*Host, *rpctest.Daemon) {
	t.Helper()
	d, near := rpctest.Start(t, held...)
	d.Reply = func(procedure uint32) (uint32, []byte) {
		if answer, ok := answers[procedure]; ok {
			return answer()
		}
		return rpctest.StatusOK, rpctest.Payload(procedure)
	}
	return newHostBehind(t, func(context.Context) (net.Conn, error) { return near, nil }), d
}

// A question about a path whose storage does not answer ends in time for who asked, takes one
// slot, however many ask, and leaves the connection to the others.
func TestHasPathThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, d := asking(t, []uint32{procPoolCreate}, map[uint32]func() (uint32, []byte){
			procPoolCreate: func() (uint32, []byte) { return rpctest.StatusError, systemError(notDirectory) },
		})
		var askers sync.WaitGroup
		for range 4 {
			askers.Go(func() {
				started := time.Now()
				_, err := h.HasPath(t.Context(), "/mnt/dead/disk")
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != pathLimit {
					t.Errorf("got %v after %s", err, time.Since(started))
				}
			})
		}
		askers.Wait()
		c, err := h.controlConn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := d.Calls(procPoolCreate); n != 1 || !c.Usable() {
			t.Errorf("%d calls, the connection is usable: %t", n, c.Usable())
		}
		close(d.Release)
		if there, err := h.HasPath(t.Context(), "/mnt/dead/disk"); !there || err != nil {
			t.Errorf("once the storage answers again: got %t, %v", there, err)
		}
	})
}

// Who has left before its question was asked does not keep others from asking.
func TestHasPathThatIsNotAsked(t *testing.T) {
	t.Parallel()
	h, _ := asking(t, nil, map[uint32]func() (uint32, []byte){
		procPoolCreate: func() (uint32, []byte) { return rpctest.StatusError, systemError(notDirectory) },
	})
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 20 {
		if _, err := h.HasPath(gone, "/disk"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if there, err := h.HasPath(t.Context(), "/disk"); !there || err != nil {
		t.Errorf("got %t, %v", there, err)
	}
}

func TestHasPathWhereLibvirtMayNotLook(t *testing.T) {
	t.Parallel()
	h, _ := asking(t, nil, map[uint32]func() (uint32, []byte){
		procPoolCreate: func() (uint32, []byte) { return rpctest.StatusError, systemError(noPermission) },
	})
	if _, err := h.HasPath(t.Context(), "/root/disk"); !errors.Is(err, preflight.ErrUnknowable) {
		t.Errorf("got %v, want %v", err, preflight.ErrUnknowable)
	}
}

// A pool that libvirt makes all the same is destroyed, also for who has left; one that is left is
// tried again at the next question and at the end, which tells of it.
func TestHasPathThatMakesAPool(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusals := 2
		h, d := asking(t, []uint32{procPoolCreate}, map[uint32]func() (uint32, []byte){
			procPoolCreate: func() (uint32, []byte) { return rpctest.StatusOK, aPool() },
			procPoolDestroy: func() (uint32, []byte) {
				if refusals--; refusals >= 0 {
					return rpctest.StatusError, errorReply(libvirt.ErrInternalError, "pool has asynchronous jobs running")
				}
				return rpctest.StatusOK, nil
			},
		})
		if _, err := h.HasPath(t.Context(), "/deep"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(d.Release)
		synctest.Wait()
		if n := d.Calls(procPoolDestroy); n != 1 || len(h.strays.names()) != 1 {
			t.Fatalf("destroyed %d times, left are %v", n, h.strays.names())
		}
		if there, err := h.HasPath(t.Context(), "/deep"); !there || err != nil {
			t.Errorf("got %t, %v", there, err)
		}
		if n := d.Calls(procPoolDestroy); n != 4 || len(h.strays.names()) != 0 { // the first, again, and both
			t.Errorf("destroyed %d times, left are %v", n, h.strays.names())
		}
		refusals = 1
		h.strays.keep(libvirt.StoragePool{Name: questionPool + "x"})
		if err := h.Close(); err == nil || !strings.Contains(err.Error(), questionPool+"x") {
			t.Errorf("closing: got %v", err)
		}
		h.strays = strayPools{} // the test's end closes again
	})
}
