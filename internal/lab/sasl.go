package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// RequireLogin restarts the host's libvirtd so that it requires a password by one of the SASL mechanisms, on its TCP
// and TLS ports and on its read-only socket, until the test ends.
func (h *Host) RequireLogin(t testing.TB, user, password string, mechanisms ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
	defer cancel()
	own, err := os.ReadFile(h.settings())
	if err != nil {
		t.Fatal(err)
	}
	h.keepSettings(t)
	mechanism := fmt.Sprintf("mech_list: %s\nsasldb_path: /etc/sasl2/users.db\n", strings.Join(mechanisms, " "))
	wanted := regexp.MustCompile(`(?m)^(auth_(?:tcp|tls|unix_ro)) = "none"$`).ReplaceAll(own, []byte(`$1 = "sasl"`))
	register := h.Command(ctx, "saslpasswd2", "-p", "-c", "-f", "/etc/sasl2/users.db", "-a", "libvirt", user)
	register.Stdin = strings.NewReader(password)
	_, err = capture(ctx, register)
	err = errors.Join(err,
		os.WriteFile(filepath.Join(h.Directory, "sasl", "libvirt.conf"), []byte(mechanism), 0o644),
		os.WriteFile(h.settings(), wanted, 0o644),
		h.Restart(ctx))
	if err != nil {
		t.Fatal(err)
	}
}
