package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/user"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// defaultSSHPort is SSH's.
const defaultSSHPort = "22"

// dialLibSSH connects to a host's libvirt through SSH inside this process
// (qemu+libssh and qemu+libssh2), for machines without ssh and for those whose
// ssh configuration is not to have a part. It has logged in and started the
// command on the host when it returns.
func dialLibSSH(ctx context.Context, uri *url.URL) (net.Conn, error) {
	command, err := remoteCommand(uri)
	if err != nil {
		return nil, err
	}
	p, err := libsshParameters(uri)
	if err != nil {
		return nil, err
	}
	stream, err := dialSSHPort(ctx, uri)
	if err != nil {
		return nil, err
	}
	hurry := context.AfterFunc(ctx, func() { _ = stream.Close() })
	t, err := startSession(ctx, stream, uri, p, command)
	if err == nil && !hurry() {
		_ = t.Close()
		err = ctx.Err()
	}
	if err == nil {
		return t, nil
	}
	_ = stream.Close()
	hurry()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, err
}

func dialSSHPort(ctx context.Context, uri *url.URL) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: keepalive}
	stream, err := d.DialContext(ctx, "tcp", sshAddress(uri))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, &tunnelError{reason: adviceRefused, cause: err}
	}
	return stream, err
}

// startSession logs in over a stream and starts the command.
func startSession(ctx context.Context, stream net.Conn, uri *url.URL, p parameters, command string) (*tunnel, error) {
	account, err := sshUser(uri)
	if err != nil {
		return nil, err
	}
	known, err := readKnownHosts(p)
	if err != nil {
		return nil, err
	}
	keys, err := gatherKeys(ctx, p)
	if err != nil {
		return nil, err
	}
	defer keys.close()
	address := sshAddress(uri)
	conn, channels, requests, err := ssh.NewClientConn(stream, address, &ssh.ClientConfig{
		User:              account,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(keys.signers...)},
		HostKeyCallback:   known.check,
		HostKeyAlgorithms: known.algorithms(address),
	})
	if err != nil {
		return nil, loginFailure(err, known, keys)
	}
	client := ssh.NewClient(conn, channels, requests)
	t, err := runCommand(client, command)
	if err != nil {
		_ = client.Close()
		return nil, &tunnelError{reason: "the host runs no command for us: " + shown(err.Error()), cause: err}
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

// sessionFailure is why the command on the host ended.
func sessionFailure(err error, said *tail) error {
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.Signal() == "":
		return remoteFailure(exit.ExitStatus(), meaningfulLines(said.String()))
	case errors.As(err, &exit):
		return &tunnelError{reason: "the command on the host was killed by signal " + shown(exit.Signal()), cause: err}
	}
	return &tunnelError{reason: adviceClosed, cause: err}
}

// loginFailure is why a handshake failed.
func loginFailure(err error, known *knownHosts, keys *keys) error {
	if known.refusal != nil {
		return known.refusal
	}
	var op *net.OpError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &op):
		return &tunnelError{reason: adviceClosed, cause: err}
	case !strings.Contains(err.Error(), "unable to authenticate"):
		return &tunnelError{reason: "it does not talk SSH with us: " + shown(err.Error()), cause: err}
	case len(keys.signers) == 0:
		return &tunnelError{reason: adviceLogin + " (there is no key to offer" + keys.passedOver() + ")", standing: lasting, cause: err}
	}
	return &tunnelError{reason: fmt.Sprintf("%s (keys offered: %d%s)", adviceLogin, len(keys.signers), keys.passedOver()), standing: counted, cause: err}
}

func sshAddress(uri *url.URL) string {
	port := uri.Port()
	if port == "" {
		port = defaultSSHPort
	}
	return net.JoinHostPort(uri.Hostname(), port)
}

// sshUser is whom to log in as: by default, as ssh does, whoever runs this
// process.
func sshUser(uri *url.URL) (string, error) {
	if name := uri.User.Username(); name != "" {
		return name, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("name the user in the URI: %w", err)
	}
	return u.Username, nil
}

// libsshParameters are the parameters of a qemu+libssh URI, checked.
func libsshParameters(uri *url.URL) (parameters, error) {
	p, err := parametersOf(uri)
	if err != nil {
		return nil, err
	}
	if _, found := p["command"]; found {
		return nil, fmt.Errorf("its parameter command is of qemu+ssh; %s runs no ssh", uri.Scheme)
	}
	if _, err := p.flag("no_verify"); err != nil {
		return nil, err
	}
	if _, err := p.verification(); err != nil {
		return nil, err
	}
	if _, err := p.keySources(); err != nil {
		return nil, err
	}
	return p, nil
}

// checkLibSSH checks a qemu+libssh URI.
func checkLibSSH(uri *url.URL) error {
	if _, err := libsshParameters(uri); err != nil {
		return err
	}
	_, err := remoteCommand(uri)
	return err
}
