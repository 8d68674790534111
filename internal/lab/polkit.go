package lab

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// polkitd is polkit's daemon.
const polkitd = "/usr/lib/polkit-1/polkitd"

// UsePolkit restarts every host's libvirtd so that, until the test ends, polkit decides who may connect by the UNIX
// socket and what each client may do, by the given rules and the distribution's. Root may do everything, clients over
// the network nothing. asked returns the actions that polkit was asked about, sorted, each once.
func (w *World) UsePolkit(t testing.TB, rules string) (asked func() []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
	defer cancel()
	// Registered before polkit is started: libvirtd does not outlive the message bus that it is on.
	for _, host := range w.Hosts {
		host.keepSettings(t)
	}
	said, err := w.startPolkit(ctx, t, rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range w.Hosts {
		if err := errors.Join(host.askPolkit(), host.Restart(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	return func() []string {
		found := regexp.MustCompile(`(?m)asked about (\S+)$`).FindAllStringSubmatch(said(), -1)
		actions := map[string]bool{}
		for _, f := range found {
			actions[f[1]] = true
		}
		return slices.Sorted(maps.Keys(actions))
	}
}

// logRule makes polkit log what it is asked about, and leaves the decision to other rules.
const logRule = `polkit.addRule(function(action, subject) {
	if (subject.user != "root" && action.id.indexOf("org.libvirt.") == 0) { polkit.log("asked about " + action.id); }
});
`

// keepSettings restarts the host's libvirtd with its current settings when the test ends.
func (h *Host) keepSettings(t testing.TB) {
	t.Helper()
	own, err := os.ReadFile(h.settings())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
		defer cancel()
		if err := errors.Join(os.WriteFile(h.settings(), own, 0o644), h.Restart(ctx)); err != nil {
			t.Error(err)
		}
	})
}

// settings is libvirtd's configuration file.
func (h *Host) settings() string { return filepath.Join(h.Directory, "etc", "libvirtd.conf") }

// askPolkit changes libvirtd's configuration.
func (h *Host) askPolkit() error {
	own, err := os.ReadFile(h.settings())
	if err != nil {
		return err
	}
	asking := strings.NewReplacer(`auth_unix_rw = "none"`, `auth_unix_rw = "polkit"`, `"0770"`, `"0777"`).
		Replace(string(own)) +
		"access_drivers = [ \"polkit\" ]\n"
	return os.WriteFile(h.settings(), []byte(asking), 0o644)
}

// startPolkit starts a message bus and polkit on it. said returns polkit's output so far.
func (w *World) startPolkit(ctx context.Context, t testing.TB, rules string) (said func() string, err error) {
	t.Helper()
	directory := t.TempDir()
	err = errors.Join(
		// polkitd gives up its privileges before it reads them.
		os.Chmod(directory, 0o755), os.Chmod(filepath.Dir(directory), 0o755),
		os.WriteFile(filepath.Join(directory, "00-lab.rules"), []byte(logRule+rules), 0o644),
		os.MkdirAll("/run/dbus", 0o755),
		run(ctx, "mount", "--bind", directory, "/etc/polkit-1/rules.d"))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := run(context.WithoutCancel(ctx), "umount", "/etc/polkit-1/rules.d"); err != nil {
			t.Error(err)
		}
	})
	_, err = runOnBus(ctx, t, "org.freedesktop.DBus", "dbus-daemon", "--system", "--nofork", "--nopidfile")
	if err != nil {
		return nil, err
	}
	return runOnBus(ctx, t, "org.freedesktop.PolicyKit1", polkitd)
}

// runOnBus runs a program until the test ends, and returns when it owns its name on the message bus. said returns its
// output so far.
func runOnBus(ctx context.Context, t testing.TB, name, program string, args ...string) (said func() string, err error) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		return nil, err
	}
	said = func() string {
		content, _ := os.ReadFile(log.Name()) // Without it the test fails on what is missing.
		return string(content)
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", program, said())
		}
	})
	return said, poll(ctx, func() (bool, error) {
		return run(ctx, "dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
			"org.freedesktop.DBus.GetNameOwner", "string:"+name) == nil, nil
	})
}
