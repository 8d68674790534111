package host_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// neverOpens and neverAnswers are deadlines for a peer that lets the one of its name pass: a short one, that a test can
// wait for. The others are those that a busy machine keeps.
var (
	neverOpens   = host.Deadlines{Open: time.Second}
	neverAnswers = host.Deadlines{Call: 500 * time.Millisecond}
)

const (
	// slack is what a busy machine may add to a deadline. What is not bounded by it takes 10 s at least.
	slack = 5 * time.Second
	// heapLimit is what a peer may make us allocate.
	heapLimit = 64 << 20
)

func TestNobodyThere(t *testing.T) {
	misbehaves(t, refused(t), host.Deadlines{}, "no connection to URI: connection refused")
	misbehaves(t, "qemu+tcp://no.such.host.invalid/system", host.Deadlines{}, "the name does not resolve")
}

// misbehaves asks a peer, and wants its error, or none where there is no message, once the deadline has passed that it
// lets pass.
func misbehaves(t *testing.T, uri string, passes host.Deadlines, message string) {
	t.Helper()
	before := runtime.NumGoroutine()
	heap := allocated()
	h, err := host.New(host.Config{Name: "kvm9", URI: uri}, host.WithDeadlines(passes))
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	err = ping(t.Context(), h)
	took := time.Since(started)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if limit := passes.Open + passes.Call + slack; took > limit {
		t.Errorf("took %s, more than %s", took, limit)
	}
	if used := allocated() - heap; used > heapLimit {
		t.Errorf("allocated %d MiB", used>>20)
	}
	settleGoroutines(t, before)
	address, _, _ := strings.Cut(uri, "?")
	checkFault(t, err, strings.Replace(message, "URI", address, 1))
}

func checkFault(t *testing.T, err error, message string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var e *host.Error
	if !errors.As(err, &e) || !errors.Is(err, migration.ErrUnreachable) {
		t.Fatalf("got %v, want an unreachable host", err)
	}
	if !strings.HasPrefix(err.Error(), `host "kvm9": unable to ask for the host's memory: `) || !strings.Contains(err.Error(), message) {
		t.Errorf("got %v, want %s", err, message)
	}
	if errors.Is(err, context.Canceled) {
		t.Error("nothing was cancelled")
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// refused is a URI where nothing listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "qemu+tcp://" + l.Addr().String() + "/system"
}

// frames hands the daemon's frames over one by one, until deliver says no.
func frames(daemon io.Reader, deliver func(n int, frame []byte) bool) {
	for n := 1; ; n++ {
		length := make([]byte, 4)
		if _, err := io.ReadFull(daemon, length); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(length))
		copy(frame, length)
		if _, err := io.ReadFull(daemon, frame[4:]); err != nil || !deliver(n, frame) {
			return
		}
	}
}

func cutAfter(bytes int64) func(int, io.Writer, io.Reader) {
	return func(_ int, client io.Writer, daemon io.Reader) { _, _ = io.CopyN(client, daemon, bytes) }
}

func silentAfter(count int) func(int, io.Writer, io.Reader) {
	return func(_ int, client io.Writer, daemon io.Reader) {
		frames(daemon, func(n int, frame []byte) bool {
			if n <= count {
				_, _ = client.Write(frame)
			}
			return true
		})
	}
}

func closesAfter(count int) func(int, io.Writer, io.Reader) {
	return func(_ int, client io.Writer, daemon io.Reader) {
		frames(daemon, func(n int, frame []byte) bool {
			if n > count {
				return false
			}
			_, _ = client.Write(frame)
			return true
		})
	}
}

func twice(_ int, client io.Writer, daemon io.Reader) {
	frames(daemon, func(_ int, frame []byte) bool {
		_, err := client.Write(append(frame, frame...))
		return err == nil
	})
}

// overstates delivers the first two replies, and of the others a frame in which a
// count is all that there is.
func overstates(_ int, client io.Writer, daemon io.Reader) {
	frames(daemon, func(n int, frame []byte) bool {
		if n > 2 {
			const headerSize = 28
			frame = binary.BigEndian.AppendUint32(frame[:headerSize:headerSize], 1<<28)
			binary.BigEndian.PutUint32(frame, uint32(len(frame)))
		}
		_, err := client.Write(frame)
		return err == nil
	})
}

func dropsOdd(connection int, client io.Writer, daemon io.Reader) {
	if connection%2 == 1 {
		closesAfter(2)(connection, client, daemon)
		return
	}
	_, _ = io.Copy(client, daemon)
}

func slowly(_ int, client io.Writer, daemon io.Reader) {
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	frames(daemon, func(_ int, frame []byte) bool {
		for len(frame) > 0 {
			n := min(len(frame), 40)
			<-pace.C
			if _, err := client.Write(frame[:n]); err != nil {
				return false
			}
			frame = frame[n:]
		}
		return true
	})
}

// A host that lets its deadline pass costs it once, not everybody who asks.
func TestMuteHostIsWaitedForOnce(t *testing.T) {
	var connections counter
	patience := 2 * time.Second // and so long its failure stands
	h := open(t, host.Config{Name: "kvm9", URI: peer(t, func(_ int, c net.Conn) {
		connections.Add(1)
		_, _ = io.Copy(io.Discard, c)
	})}, host.WithDeadlines(host.Deadlines{Open: patience}))
	started := time.Now()
	errs := make(chan error)
	for range 20 {
		go func() { errs <- ping(t.Context(), h) }()
	}
	for range 20 {
		if err := <-errs; !errors.Is(err, migration.ErrUnreachable) {
			t.Errorf("got %v, want an unreachable host", err)
		}
	}
	again := time.Now()
	if err := ping(t.Context(), h); !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want an unreachable host", err)
	}
	if took := time.Since(again); took > patience/2 {
		t.Errorf("asking again took %s", took)
	}
	if took := time.Since(started); took > patience+slack {
		t.Errorf("all took %s", took)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
}

// A caller who cancels is told so at once, and nobody else is disturbed.
func TestCancelIsNotAFailure(t *testing.T) {
	h := open(t, host.Config{Name: "kvm9", URI: peer(t, says(""))}, host.WithDeadlines(host.Deadlines{Open: 20 * time.Second}))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	started := time.Now()
	err := ping(ctx, h)
	if !errors.Is(err, context.Canceled) || errors.Is(err, migration.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a cancelled call", err)
	}
	if took := time.Since(started); took > slack {
		t.Errorf("took %s", took)
	}
}

// The caller's own deadline is told from a cancel.
func TestCallersDeadlineIsADeadline(t *testing.T) {
	h := open(t, host.Config{Name: "kvm9", URI: peer(t, says(""))}, host.WithDeadlines(host.Deadlines{Open: 20 * time.Second}))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := ping(ctx, h)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, migration.ErrUnreachable) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a passed deadline", err)
	}
	if !regexp.MustCompile(`it did not answer within [\d.]+m?s`).MatchString(err.Error()) {
		t.Errorf("got %v, want how long was waited", err)
	}
}

// Closing a host ends what is under way on it, even on a mute peer.
func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	uri := peer(t, says(""))
	before := runtime.NumGoroutine()
	h, err := host.New(host.Config{Name: "kvm9", URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- ping(t.Context(), h) }()
	time.AfterFunc(100*time.Millisecond, func() { _ = h.Close() })
	select {
	case err := <-failed:
		if err == nil {
			t.Error("a mute peer answered")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the call goes on")
	}
	if err := ping(t.Context(), h); !errors.Is(err, host.ErrClosed) {
		t.Errorf("got %v, want %v", err, host.ErrClosed)
	}
	settleGoroutines(t, before)
}
