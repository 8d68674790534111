package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// tunnel is a stream to a daemon through a carrier: an ssh process or an SSH session.
type tunnel struct {
	net.Conn // the near end

	// ended is closed when nothing of the carrier is left. Read failure only then; it is
	// nil if the carrier succeeded.
	ended   <-chan struct{}
	failure error

	// end ends the carrier and waits for its end.
	end func()

	// answered tells whether the far side has sent anything. Only Read uses it.
	answered bool

	// closed tells whether this side closed the stream: the error of a write does not.
	closed atomic.Bool
}

// failureWait is how long a carrier whose stream has ended may take to end and say why.
const failureWait = 2 * time.Second

func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 && !t.answered {
		t.answered = true
		if chatter := chatter(p[:n]); chatter != "" {
			return 0, &Error{Reason: fmt.Sprintf("the host sent %q instead of libvirt's reply; "+
				"may that account run commands, and do its shell's start-up files print nothing?", chatter)}
		}
	}
	return n, t.explain(err)
}

// maxFirstByte is the highest first byte of a frame of libvirt: a frame begins with its
// length, which is at most 32 MiB and a word (VIR_NET_MESSAGE_MAX).
const maxFirstByte = 32 << 20 >> 24

// chatter is the first line of an answer that is text and not a frame.
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
	case <-time.After(failureWait):
	}
	return err
}

// Close ends the stream and its carrier and waits until nothing is left of either.
func (t *tunnel) Close() error {
	t.closed.Store(true)
	err := t.Conn.Close()
	t.end()
	return err
}
