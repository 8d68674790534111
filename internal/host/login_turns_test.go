package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// hostsBySSH are hosts that take turns, and dial as the function of their number does.
func hostsBySSH(t *testing.T, count int, dial func(ctx context.Context, number int) (net.Conn, error)) []*Host {
	t.Helper()
	turns := NewLoginTurns()
	hosts := make([]*Host, count)
	for i := range hosts {
		name := fmt.Sprintf("kvm%d", i)
		h, err := New(Config{Name: name, URI: "qemu+ssh://" + name + "/system"}, WithLoginTurns(turns))
		if err != nil {
			t.Fatal(err)
		}
		h.dialStream = func(ctx context.Context) (net.Conn, error) { return dial(ctx, i) }
		t.Cleanup(func() { h.Close() })
		hosts[i] = h
	}
	return hosts
}

// No deadline begins before its turn: also the last login ends, though all together take longer than one may.
func TestLoginsBySSHTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count, takes = 6 * sshLogins, loginPatience - time.Second // 24 s
		var mu sync.Mutex
		underWay, most := 0, 0
		hosts := hostsBySSH(t, count, func(ctx context.Context, _ int) (net.Conn, error) {
			mu.Lock()
			underWay++
			most = max(most, underWay)
			mu.Unlock()
			defer func() {
				mu.Lock()
				underWay--
				mu.Unlock()
			}()
			select {
			case <-time.After(takes):
				return nil, syscall.ECONNREFUSED
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		started := time.Now()
		var asking sync.WaitGroup
		for _, h := range hosts {
			asking.Go(func() {
				var timeout *rpc.TimeoutError
				if _, err := h.controlConn(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &timeout) {
					t.Errorf("%s: %v, want the end of its login", h.Name(), err)
				}
			})
		}
		asking.Wait()
		if most != sshLogins {
			t.Errorf("%d logins at a time, want %d", most, sshLogins)
		}
		if took, want := time.Since(started), count/sshLogins*takes; took != want {
			t.Errorf("took %s, want %s", took, want)
		}
	})
}

// Hosts that are down do not hold up one that is up for longer than the patience.
func TestSilentHostsGiveTheirTurnBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hosts := hostsBySSH(t, sshLogins+1, func(ctx context.Context, number int) (net.Conn, error) {
			if number == sshLogins {
				return nil, syscall.ECONNREFUSED
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		var asking sync.WaitGroup
		defer asking.Wait()
		for _, h := range hosts[:sshLogins] {
			asking.Go(func() { _, _ = h.controlConn(t.Context()) })
		}
		synctest.Wait()
		started := time.Now()
		if _, err := hosts[sshLogins].controlConn(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want its own answer", err)
		}
		if took := time.Since(started); took != loginPatience {
			t.Errorf("waited %s, want %s", took, loginPatience)
		}
	})
}

// A host that is closed while it waits for its turn waits no longer.
func TestClosedHostGivesUpItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hosts := hostsBySSH(t, sshLogins+1, func(ctx context.Context, _ int) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		var asking sync.WaitGroup
		for _, h := range hosts[:sshLogins] {
			asking.Go(func() { _, _ = h.controlConn(t.Context()) })
		}
		synctest.Wait()
		last := hosts[sshLogins]
		asking.Go(func() {
			if _, err := last.controlConn(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v, want %v", err, ErrClosed)
			}
		})
		synctest.Wait()
		if err := last.Close(); err != nil {
			t.Error(err)
		}
		asking.Wait()
	})
}
