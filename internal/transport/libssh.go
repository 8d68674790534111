package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/user"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// libsshDialer connects to a host's libvirt through SSH inside this process
// (qemu+libssh and qemu+libssh2): it needs no ssh and ignores its configuration.
type libsshDialer struct {
	address string
	account string // "" is the user of this process
	command string

	verify, knownHosts string // how the host's key is verified, and by which file
	keySources         []string
	keyfile            string
}

func parseLibSSH(e *Endpoint) (dialer, error) {
	p := e.parameters
	if _, found := p["command"]; found {
		return nil, fmt.Errorf("its parameter command belongs to qemu+ssh; %s runs no ssh", e.uri.Scheme)
	}
	d := libsshDialer{address: e.address(), account: e.user(), knownHosts: p["known_hosts"], keyfile: p["keyfile"]}
	var err error
	if d.verify, err = p.verification(); err != nil {
		return nil, err
	}
	if d.keySources, err = p.keySources(); err != nil {
		return nil, err
	}
	d.command, err = remoteCommand(e.Driver(), p)
	return d, err
}

// readable tells whether an unverified host key is accepted: a password would go to
// whoever answers.
func (d libsshDialer) readable() bool { return d.verify != verifyNormal }

// dial returns when it has logged in and started the command on the host.
func (d libsshDialer) dial(ctx context.Context) (net.Conn, error) {
	stream, err := (&net.Dialer{KeepAliveConfig: keepalive}).DialContext(ctx, "tcp", d.address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, &Error{Reason: adviceRefused, Cause: err}
	}
	if err != nil {
		return nil, err
	}
	stopClosing := context.AfterFunc(ctx, func() { _ = stream.Close() })
	t, err := d.startSession(ctx, stream)
	if err == nil && !stopClosing() {
		_ = t.Close()
		err = ctx.Err()
	}
	if err == nil {
		return t, nil
	}
	_ = stream.Close()
	stopClosing()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, err
}

// startSession logs in over a stream and starts the command.
func (d libsshDialer) startSession(ctx context.Context, stream net.Conn) (*tunnel, error) {
	account, err := d.user()
	if err != nil {
		return nil, err
	}
	known, err := readKnownHosts(d.verify, d.knownHosts)
	if err != nil {
		return nil, err
	}
	keys, err := gatherKeys(ctx, d.keySources, d.keyfile)
	if err != nil {
		return nil, err
	}
	defer keys.close()
	conn, channels, requests, err := ssh.NewClientConn(stream, d.address, &ssh.ClientConfig{
		User:              account,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(keys.signers...)},
		HostKeyCallback:   known.check,
		HostKeyAlgorithms: known.algorithms(d.address),
	})
	if err != nil {
		return nil, loginFailure(err, account, known, keys)
	}
	client := ssh.NewClient(conn, channels, requests)
	t, err := runCommand(client, d.command)
	if err != nil {
		_ = client.Close()
		return nil, &Error{Reason: "the host refused to run a command: " + sanitize.Text(err.Error()), Cause: err}
	}
	return t, nil
}

// runCommand makes a tunnel of a command on the host.
func runCommand(client *ssh.Client, command string) (*tunnel, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said := &tail{limit: stderrLimit}
	session.Stderr = said
	if err := session.Start(command); err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	var up, down sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(in, far)
		_ = in.Close()
	})
	down.Go(func() {
		_, _ = io.Copy(far, out)
		_ = far.Close()
	})
	ended := make(chan struct{})
	t := &tunnel{Conn: near, ended: ended}
	go func() {
		defer close(ended)
		t.failure = sessionFailure(session.Wait(), said)
		down.Wait()
		_ = client.Close()
		up.Wait()
		_ = client.Wait()
	}()
	t.end = func() {
		_ = client.Close()
		<-ended
	}
	return t, nil
}

// sessionFailure explains how the command on the host ended; nil is success.
func sessionFailure(err error, said *tail) error {
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.Signal() == "":
		return remoteFailure(exit.ExitStatus(), meaningfulLines(said.String()))
	case errors.As(err, &exit):
		return &Error{Reason: "the command on the host was killed by signal " + sanitize.Text(exit.Signal()), Cause: err}
	}
	return &Error{Reason: adviceClosed, Cause: err}
}

// loginFailure explains why the handshake or the login failed.
func loginFailure(err error, account string, known *knownHosts, keys *keys) error {
	if known.refusal != nil {
		return known.refusal
	}
	var op *net.OpError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &op):
		return &Error{Reason: adviceClosed, Cause: err}
	case !strings.Contains(err.Error(), "unable to authenticate"):
		return &Error{Reason: "the SSH handshake failed: " + sanitize.Text(err.Error()), Cause: err}
	case len(keys.signers) == 0:
		reason := refusedLogin(account) + " (there is no key to offer" + keys.unusedNote() + ")"
		return &Error{Reason: reason, Persistence: Permanent, Cause: err}
	}
	reason := fmt.Sprintf("%s (keys offered: %d%s)", refusedLogin(account), len(keys.signers), keys.unusedNote())
	return &Error{Reason: reason, Persistence: LoginRefused, Cause: err}
}

// user is the account to log in to; the default is that of this process, as with ssh.
func (d libsshDialer) user() (string, error) {
	if d.account != "" {
		return d.account, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("name the user in the URI: %w", err)
	}
	return u.Username, nil
}
