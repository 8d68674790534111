package host

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// What a failure to connect is remembered for decides how often a host is
// bothered, and how soon one that was mended is used.
func TestHowLongAFailureStands(t *testing.T) {
	t.Parallel()
	const open = 15 * time.Second
	tests := map[string]struct {
		cause error
		want  time.Duration
	}{
		"refused login, SASL":      {&credentialError{refused: true}, loginPause},
		"refused login, SSH":       {&lostError{cause: sshFailure("kvm9", statusSSH, "root@kvm9: Permission denied (publickey,password).\n")}, loginPause},
		"too many keys, SSH":       {&lostError{cause: sshFailure("kvm9", statusSSH, "Received disconnect: Too many authentication failures\n")}, loginPause},
		"host key unknown":         {&lostError{cause: sshFailure("kvm9", statusSSH, "Host key verification failed.\n")}, open},
		"host key changed":         {&lostError{cause: sshFailure("kvm9", statusSSH, "@ REMOTE HOST IDENTIFICATION HAS CHANGED! @\n")}, open},
		"no way to log in":         {&credentialError{}, open},
		"no answer":                {&lateError{}, open},
		"no answer from the dial":  {context.DeadlineExceeded, open},
		"nothing listens":          {syscall.ECONNREFUSED, 0},
		"nothing listens, SSH":     {&lostError{cause: sshFailure("kvm9", statusSSH, "ssh: connect to host kvm9 port 22: Connection refused\n")}, 0},
		"no libvirt there, SSH":    {&lostError{cause: sshFailure("kvm9", 1, "nc: /run/libvirt/libvirt-sock: No such file or directory\n")}, 0},
		"not allowed on a socket":  {&lostError{cause: sshFailure("kvm9", 1, "nc: unix connect failed: Permission denied\n")}, 0},
		"ended before it answered": {&lostError{cause: errors.New("EOF")}, 0},
		"not libvirt":              {&lostError{cause: &protocolError{}}, 0},
	}
	for name, test := range tests {
		if got := (&dialError{cause: test.cause}).stands(open); got != test.want {
			t.Errorf("%s: stands for %s, want %s", name, got, test.want)
		}
	}
}

func TestFailureIsForgottenInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r remembered
		if err := r.recall(); err != nil {
			t.Errorf("got %v of nothing", err)
		}
		failure := &dialError{cause: errors.New("no")}
		r.note(failure, loginPause)
		time.Sleep(loginPause - time.Second)
		if err := r.recall(); !errors.Is(err, failure) {
			t.Errorf("got %v, want %v", err, failure)
		}
		time.Sleep(2 * time.Second)
		if err := r.recall(); err != nil {
			t.Errorf("got %v, which is over", err)
		}
	})
}
