package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
)

// Values of the URI's parameter sshauth. The last two ask a person.
const (
	authAgent    = "agent"
	authKey      = "privkey"
	authPassword = "password"
	authAsk      = "keyboard-interactive"
)

// defaultKeys are the files of a user's own keys in ~/.ssh.
var defaultKeys = []string{"id_ed25519", "id_ecdsa", "id_rsa"}

// keySources are the methods of the URI's sshauth that ask nobody, in its order.
func (p parameters) keySources() ([]string, error) {
	if p["sshauth"] == "" {
		return []string{authAgent, authKey}, nil
	}
	var sources []string
	for method := range strings.SplitSeq(p["sshauth"], ",") {
		switch method = strings.TrimSpace(method); method {
		case authAgent, authKey:
			sources = append(sources, method)
		case authPassword, authAsk:
		default:
			return nil, errors.New("its parameter sshauth must be a list of agent, privkey, password, keyboard-interactive")
		}
	}
	if len(sources) == 0 {
		return nil, errors.New("its parameter sshauth has only methods that ask a person; add agent or privkey")
	}
	return sources, nil
}

// keys are the keys to offer to a host.
type keys struct {
	signers []ssh.Signer
	unused  []string // sources that cannot be used, and why

	closeAgent func() // nil if the agent was not asked
}

// gatherKeys collects the keys of the sources; keyfile is the file that the URI names,
// or empty. The keys are usable until close.
func gatherKeys(ctx context.Context, sources []string, keyfile string) (*keys, error) {
	k := &keys{}
	for _, source := range slices.Compact(sources) {
		switch source {
		case authAgent:
			k.askAgent(ctx)
		case authKey:
			if err := k.read(keyfile); err != nil {
				k.close()
				return nil, err
			}
		}
	}
	return k, nil
}

// askAgent adds the keys of the user's agent, where there is one.
func (k *keys) askAgent(ctx context.Context) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" || k.closeAgent != nil {
		return
	}
	signers, err := k.listAgent(ctx, socket)
	if err != nil {
		k.unused = append(k.unused, "the agent of SSH_AUTH_SOCK does not answer")
	}
	k.signers = append(k.signers, signers...)
}

func (k *keys) listAgent(ctx context.Context, socket string) ([]ssh.Signer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	stopClosing := context.AfterFunc(ctx, func() { _ = conn.Close() })
	k.closeAgent = func() {
		stopClosing()
		_ = conn.Close()
	}
	return agent.NewClient(conn).Signers()
}

// read adds the key of a file, which must be usable. Without a file it adds the user's
// own usable keys.
func (k *keys) read(file string) error {
	if file != "" {
		signer, err := readKey(file)
		if err != nil {
			return &Error{Reason: "the parameter keyfile: " + err.Error(), Cause: err}
		}
		k.signers = append(k.signers, signer)
		return nil
	}
	home, err := clientconfig.Home()
	if err != nil {
		return nil //nolint:nilerr // Without a home there are no keys in it.
	}
	for _, name := range defaultKeys {
		signer, err := readKey(filepath.Join(home, ".ssh", name))
		switch {
		case err == nil:
			k.signers = append(k.signers, signer)
		case !clientconfig.Absent(err):
			k.unused = append(k.unused, err.Error())
		}
	}
	return nil
}

func readKey(file string) (ssh.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("%s has a passphrase; add it to the agent (ssh-add)", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s holds no usable private key", file)
	}
	return signer, nil
}

// unusedNote lists for an error what could not be used.
func (k *keys) unusedNote() string {
	if len(k.unused) == 0 {
		return ""
	}
	return "; " + strings.Join(k.unused, "; ")
}

func (k *keys) close() {
	if k.closeAgent != nil {
		k.closeAgent()
	}
}
