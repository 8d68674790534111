package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// tunnel is a stream to a daemon through a carrier with a life of its own: a process
// of ssh, or a session of SSH.
type tunnel struct {
	net.Conn // the near end

	// ended is closed when nothing of the carrier is left. Only then failure may be
	// read; it is nil when the carrier ended well.
	ended   <-chan struct{}
	failure error

	// end ends the carrier, and returns when it has ended.
	end func()

	// answered is whether the far side has said anything yet. It is the reader's.
	answered bool

	// closed is whether the stream was closed on this side: the error of a write does
	// not tell on which.
	closed atomic.Bool
}

// lastWords is how long a carrier whose stream has ended may take to end and say why.
const lastWords = 2 * time.Second

func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 && !t.answered {
		t.answered = true
		if chatter := chatter(p[:n]); chatter != "" {
			return 0, &Error{Reason: fmt.Sprintf("where libvirt should answer the host says %q; "+
				"is that account allowed to run commands, and are the start-up files of its shell silent?", chatter)}
		}
	}
	return n, t.explain(err)
}

// maxFirstByte is the highest first byte of a frame of libvirt's: it begins with
// its length, 32 MiB and a word at most (VIR_NET_MESSAGE_MAX).
const maxFirstByte = 32 << 20 >> 24

// chatter is the first line of an answer that is text.
func chatter(answer []byte) string {
	if answer[0] <= maxFirstByte {
		return ""
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(answer), []byte("\n"))
	line = bytes.TrimSpace(line)
	return withoutUsers(string(line[:min(len(line), 200)]))
}

func (t *tunnel) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	return n, t.explain(err)
}

// explain replaces the end of the stream by the reason for it.
func (t *tunnel) explain(err error) error {
	var timeout net.Error
	if err == nil || t.closed.Load() || errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	select {
	case <-t.ended:
		if t.failure != nil {
			return t.failure
		}
	case <-time.After(lastWords):
	}
	return err
}

// Close ends the stream and its carrier, and returns when nothing is left of either.
func (t *tunnel) Close() error {
	t.closed.Store(true)
	err := t.Conn.Close()
	t.end()
	return err
}
