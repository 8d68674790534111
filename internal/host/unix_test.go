//go:build lab

package host_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// place makes kvm1's socket, under a name, one of this machine until the test ends.
func place(t *testing.T, target, name string) {
	t.Helper()
	path := filepath.Join("/run/libvirt", name)
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	})
}

// A monolithic daemon and a modular one differ, from here, in their sockets.
func TestSocketsOfThisMachine(t *testing.T) {
	const direct, legacy = "virtqemud-sock", "libvirt-sock"
	l := labHosts(t)[0]
	stale := filepath.Join(t.TempDir(), "stale")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		sockets map[string]string
		uri     string
		words   []string // none: connects
	}{
		"libvirtd":                      {map[string]string{legacy: l.Socket}, "qemu:///system", nil},
		"libvirtd, transport named":     {map[string]string{legacy: l.Socket}, "qemu+unix:///system", nil},
		"modular":                       {map[string]string{direct: l.Socket}, "qemu:///system", nil},
		"modular is preferred":          {map[string]string{direct: l.Socket, legacy: stale}, "qemu:///system?mode=auto", nil},
		"direct":                        {map[string]string{direct: l.Socket, legacy: stale}, "qemu:///system?mode=direct", nil},
		"legacy":                        {map[string]string{direct: stale, legacy: l.Socket}, "qemu:///system?mode=legacy", nil},
		"read-only":                     {map[string]string{"libvirt-sock-ro": l.Socket + "-ro"}, "qemu:///system?socket=/run/libvirt/libvirt-sock-ro", nil},
		"neither":                       {nil, "qemu:///system", []string{"no socket /var/run/libvirt/virtqemud-sock and no /var/run/libvirt/libvirt-sock"}},
		"direct without a modular":      {map[string]string{legacy: l.Socket}, "qemu:///system?mode=direct", []string{"no socket /var/run/libvirt/virtqemud-sock;"}},
		"daemon that left its socket":   {map[string]string{legacy: stale}, "qemu:///system", []string{"connection refused; is libvirtd running"}},
		"socket that is somewhere else": {map[string]string{legacy: l.Socket}, "qemu:///system?socket=/run/elsewhere", []string{"no socket /run/elsewhere;"}},
		"root has no daemon of its own": {map[string]string{legacy: l.Socket}, "qemu:///session", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for socket, target := range test.sockets {
				place(t, target, socket)
			}
			if test.words != nil {
				unreachable(t, test.uri, test.words...)
				return
			}
			h := open(t, host.Config{Name: l.Name, URI: test.uri})
			id, err := h.Identity(testContext(t))
			if err != nil || id.HostUUID != l.UUID {
				t.Errorf("got %+v, %v", id, err)
			}
			if _, err := h.Record(testContext(t), host.Global); err != nil {
				t.Error(err)
			}
		})
	}
}

// sessionVariable tells a process of this test that it is the ordinary user.
const sessionVariable = "VIRT_TEST_SESSION"

// The user of lab.Visitor, and a group that has a name, which libvirt wants.
const visitorID, nogroup = 7001, 65534

// An ordinary user's own daemon is found where the user's session has its sockets, and the system's one is not for
// everybody.
func TestOrdinaryUser(t *testing.T) {
	if os.Getenv(sessionVariable) != "" {
		ordinaryUser(t)
		return
	}
	home := t.TempDir()
	// The directory around it is for the one who runs the test.
	if err := errors.Join(os.Chown(home, visitorID, nogroup), os.Chmod(filepath.Dir(home), 0o711)); err != nil {
		t.Fatal(err)
	}
	place(t, labHosts(t)[0].Socket, "libvirt-sock")
	variables := map[string]string{sessionVariable: "1", "HOME": home, "XDG_RUNTIME_DIR": filepath.Join(home, "run")}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	daemon := asVisitor(ctx, t, variables, "libvirtd")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = daemon.Wait()
	})
	until(t, "the user's libvirtd listens", func() bool {
		_, err := os.Stat(filepath.Join(home, "run", "libvirt", "libvirt-sock"))
		return err == nil
	})
	if output, err := asVisitor(t.Context(), t, variables, copyOfThisProgram(t), "-test.run=^TestOrdinaryUser$", "-test.v").CombinedOutput(); err != nil ||
		!strings.Contains(string(output), "--- PASS: TestOrdinaryUser") {
		t.Errorf("%v\n%s", err, output)
	}
}

// asVisitor makes a command of an ordinary user, in its home where the variables name one.
func asVisitor(ctx context.Context, t *testing.T, variables map[string]string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Dir = os.Environ(), cmp.Or(variables["HOME"], "/")
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: visitorID, Gid: nogroup}, Pdeathsig: syscall.SIGKILL,
	}
	return cmd
}

// ordinaryUser is the part of the test that runs as one.
func ordinaryUser(t *testing.T) {
	t.Helper()
	h := open(t, host.Config{Name: "own", URI: "qemu:///session"})
	if err := ping(testContext(t), h); err != nil {
		t.Error(err)
	}
	if err := h.WriteRecord(testContext(t), host.Global, document); err != nil {
		t.Error(err)
	}
	checkHostRecord(t, h, host.Global, new(document))
	domainOfTheUser(t, h)

	aliases(t)
	homeless(t)
	unreachable(t, "qemu:///session?mode=direct", "virtqemud-sock; is libvirt's daemon running", "A user's own daemon ends when nobody uses it")
	err := ping(testContext(t), open(t, host.Config{Name: "kvm1", URI: "qemu:///system"}))
	if !errors.Is(err, migration.ErrUnreachable) || !strings.Contains(err.Error(), "permission denied on /var/run/libvirt/libvirt-sock") {
		t.Errorf("got %v, want a socket that is not for us", err)
	}
}

// domainOfTheUser writes and reads the policy of one of the user's own VMs.
func domainOfTheUser(t *testing.T, h *host.Host) {
	t.Helper()
	const uuid = "6c616200-0000-4000-9000-000000000001"
	definition := filepath.Join(t.TempDir(), "domain.xml")
	xml := "<domain type='qemu'><name>own</name><uuid>" + uuid + "</uuid><memory>65536</memory><os><type arch='x86_64'>hvm</type></os></domain>"
	if err := os.WriteFile(definition, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("virsh", "--connect", "qemu:///session", "define", definition).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if err := wrote(testContext(t), h, uuid, document); err != nil {
		t.Fatal(err)
	}
	checkRecord(t, h, uuid, host.DomainDocument{Config: new(document), Persistent: true})
	if err := h.DeleteDomainRecord(testContext(t), uuid, host.DomainDocument{}); err != nil {
		t.Fatal(err)
	}
	checkRecord(t, h, uuid, host.DomainDocument{Persistent: true})
}

// aliases checks the names that the user gave to URIs.
func aliases(t *testing.T) {
	t.Helper()
	directory := filepath.Join(os.Getenv("HOME"), ".config", "libvirt")
	config := "uri_default = \"qemu+unix:///session\"\nuri_aliases = [\n \"mine=qemu:///session\",\n \"other=xen:///\",\n]\n"
	if err := errors.Join(os.MkdirAll(directory, 0o755), os.WriteFile(filepath.Join(directory, "libvirt.conf"), []byte(config), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := ping(testContext(t), open(t, host.Config{Name: "own", URI: "mine"})); err != nil {
		t.Error(err)
	}
	for alias, reason := range map[string]string{"other": "the URI behind the alias cannot be used", "nobodys": "or an alias in libvirt's client configuration"} {
		if errs := (host.Config{Name: "own", URI: alias}).Validate(); len(errs) != 1 || !strings.Contains(errs[0].Reason, reason) {
			t.Errorf("%s: got %v, want: %s", alias, errs, reason)
		}
	}
	t.Setenv(clientconfig.DefaultURIVariable, "")
	if uri, origin, err := clientconfig.DefaultURI(); err != nil || uri != "qemu+unix:///session" || !strings.HasSuffix(origin, "/libvirt/libvirt.conf") {
		t.Errorf("got %s of %s, %v", uri, origin, err)
	}
	t.Setenv(clientconfig.DefaultURIVariable, "mine")
	if uri, origin, err := clientconfig.DefaultURI(); err != nil || uri != "mine" || origin != clientconfig.DefaultURIVariable {
		t.Errorf("got %s of %s, %v", uri, origin, err)
	}
}

// homeless checks that an ordinary user without a home has no configuration and no
// daemon, and is told so where it matters.
func homeless(t *testing.T) {
	t.Helper()
	for home, reason := range map[string]string{
		"": "HOME is not set", "home": "HOME is not an absolute path", "/none": "there is no socket /none/.cache/libvirt/", "/dev/null": "there is no socket /dev/null/.cache/libvirt/",
	} {
		t.Run("HOME="+home, func(t *testing.T) {
			t.Setenv("HOME", home)
			t.Setenv("XDG_RUNTIME_DIR", "")
			t.Setenv(clientconfig.DefaultURIVariable, "")
			if uri, origin, err := clientconfig.DefaultURI(); err != nil || uri != "qemu:///system" {
				t.Errorf("got %s of %s, %v", uri, origin, err)
			}
			errs := host.Config{Name: "own", URI: "mine"}.Validate()
			if len(errs) != 1 || !strings.Contains(errs[0].Reason, "or an alias in libvirt's client configuration") {
				t.Errorf("an alias: got %v", errs)
			}
			h, err := host.New(host.Config{Name: "own", URI: "qemu:///session"})
			if err == nil {
				err = ping(testContext(t), h)
				_ = h.Close()
			}
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("got %v, want: %s", err, reason)
			}
		})
	}
}

// copyOfThisProgram is where everybody may run it.
func copyOfThisProgram(t *testing.T) string {
	t.Helper()
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(t.TempDir(), "program"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}
