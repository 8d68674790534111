package transport

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// Whoever gives up is not kept by an agent that does not answer.
func TestMuteAgentKeepsNobody(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := make(chan struct{})
	go func() {
		defer close(left)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Read(make([]byte, 1)) // it was asked
		cancel()
		_, _ = io.Copy(io.Discard, c)
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	started := time.Now()
	k, err := gatherKeys(ctx, []string{authAgent}, "")
	if err != nil {
		t.Fatal(err)
	}
	k.close()
	<-left
	if len(k.signers) > 0 || !strings.Contains(k.unusedNote(), "does not answer") {
		t.Errorf("got %d keys%s", len(k.signers), k.unusedNote())
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// A home that is none holds no keys, and that is not worth a word.
func TestKeysWithoutAHome(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	for _, home := range []string{"", "fred", "/none", "/dev/null"} {
		t.Setenv("HOME", home)
		k, err := gatherKeys(t.Context(), []string{authAgent, authKey}, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(k.signers) > 0 || len(k.unused) > 0 {
			t.Errorf("HOME=%s: %d keys%s", home, len(k.signers), k.unusedNote())
		}
	}
}

func TestKeysThatCannotBeUsed(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(home, "none"))
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, ".ssh", "id_ed25519")
	for path, content := range map[string]string{file: string(pem.EncodeToMemory(locked)), filepath.Join(home, ".ssh", "id_rsa"): "nonsense"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k, err := gatherKeys(t.Context(), []string{authAgent, authKey}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	said := k.unusedNote()
	for _, want := range []string{
		"the agent of SSH_AUTH_SOCK does not answer", file + " has a passphrase; add it to the agent (ssh-add)", "id_rsa holds no usable private key",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	if len(k.signers) > 0 {
		t.Errorf("%d keys", len(k.signers))
	}
	if _, err := gatherKeys(t.Context(), []string{authAgent, authKey}, file); err == nil || !strings.Contains(err.Error(), "has a passphrase") {
		t.Errorf("got %v, want a key with a passphrase", err)
	}
}
