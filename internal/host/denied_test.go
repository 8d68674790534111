//go:build lab

package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// readOnlySocket is where a host of the lab, as it sees itself, has libvirt's.
const readOnlySocket = "/run/libvirt/libvirt-sock-ro"

// Over libvirt's read-only socket everything can be read and nothing written,
// whichever way one comes to it.
func TestReadOnlySocket(t *testing.T) {
	w := world(t)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	full := connect(t, w.Hosts[0])
	clearRecord(t, full, host.Cluster)
	if err := full.WriteRecord(testContext(t), host.Cluster, document); err != nil {
		t.Fatal(err)
	}
	if err := wrote(testContext(t), full, guest.UUID, document); err != nil {
		t.Fatal(err)
	}
	for way, uri := range map[string]string{
		"socket":               w.Hosts[0].SocketURI + "-ro",
		"SSH, netcat":          sshURI(w.Hosts[0], "qemu+ssh", "", "socket", readOnlySocket),
		"SSH, virt-ssh-helper": sshURI(w.Hosts[0], "qemu+ssh", "", "proxy", "native", "socket", readOnlySocket),
		"SSH in the process":   sshURI(w.Hosts[0], "qemu+libssh", "", "socket", readOnlySocket),
	} {
		t.Run(way, func(t *testing.T) {
			checkReadOnly(t, open(t, host.Config{Name: "kvm1", URI: uri}), guest.UUID)
		})
	}
}

// checkReadOnly wants a host whose records, all alike, can be read and no more.
func checkReadOnly(t *testing.T, h *host.Host, uuid string) {
	t.Helper()
	checkRecord(t, h, uuid, host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true})
	checkHostRecord(t, h, host.Cluster, new(document))
	_, domain := h.Domain(testContext(t), uuid)
	_, identity := h.Identity(testContext(t))
	_, job := h.Job(testContext(t), uuid)
	if err := errors.Join(domain, identity, job); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"write domain record":  wrote(testContext(t), h, uuid, `{"version":1}`),
		"delete domain record": h.DeleteDomainRecord(testContext(t), uuid),
		"write domain history": h.UpdateDomainHistory(testContext(t), uuid, func(host.DomainDocument) (*string, error) {
			return new(document), nil
		}),
		"write host record":  h.WriteRecord(testContext(t), host.Cluster, `{"version":1}`),
		"delete host record": h.DeleteRecord(testContext(t), host.Cluster),
		"suspend":            h.Suspend(testContext(t), uuid),
	} {
		if !errors.Is(err, host.ErrDenied) {
			t.Errorf("%s: got %v, want %v", name, err, host.ErrDenied)
		}
	}
}

// A host without the secret driver says what is missing, and what to install.
func TestHostWithoutSecretDriver(t *testing.T) {
	h := open(t, host.Config{Name: "kvm9", URI: "qemu:///system?socket=" + daemonWithoutSecrets(t)})
	_, read := h.Record(testContext(t), host.Global)
	for name, err := range map[string]error{
		"read":   read,
		"write":  h.WriteRecord(testContext(t), host.Global, document),
		"delete": h.DeleteRecord(testContext(t), host.Global),
	} {
		if !errors.Is(err, host.ErrNoSecretDriver) {
			t.Errorf("%s: got %v, want %v", name, err, host.ErrNoSecretDriver)
			continue
		}
		for _, part := range []string{`host "kvm9"`, "libvirt-daemon-driver-secret"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v does not name %s", name, err, part)
			}
		}
	}
	if err := ping(testContext(t), h); err != nil {
		t.Errorf("the rest of the host: %v", err)
	}
}

// daemonWithoutSecrets runs a libvirtd that has every driver but the one for
// secrets, and returns its socket.
func daemonWithoutSecrets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	drivers, err := filepath.Glob("/usr/lib/*/libvirt/connection-driver/*.so")
	if err != nil || len(drivers) == 0 {
		t.Fatalf("libvirt's drivers are not where they are on Debian (%v)", err)
	}
	for _, sub := range []string{"drivers", "run", "lib", "cache", "etc"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, driver := range drivers {
		if strings.Contains(driver, "qemu") {
			if err := os.Symlink(driver, filepath.Join(dir, "drivers", filepath.Base(driver))); err != nil {
				t.Fatal(err)
			}
		}
	}
	config := filepath.Join(dir, "libvirtd.conf")
	settings := fmt.Sprintf("unix_sock_dir = %q\nauth_unix_rw = \"none\"\n", dir)
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `for d in run/libvirt:run var/lib/libvirt:lib var/cache/libvirt:cache etc/libvirt:etc; do
		mkdir -p /${d%:*} && mount --bind "$1/${d#*:}" /${d%:*} || exit 1
	done
	exec libvirtd --config "$1/libvirtd.conf" --pid-file "$1/pid"`
	var log strings.Builder
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "sh", "-c", script, "sh", dir)
	cmd.Env = append(os.Environ(), "LIBVIRT_DRIVER_DIR="+filepath.Join(dir, "drivers"))
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	socket := filepath.Join(dir, "libvirt-sock")
	until(t, "libvirtd without secrets listens", func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
	return socket
}
