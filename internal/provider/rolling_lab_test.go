//go:build lab

package provider_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// work restarts the libvirtd of an emptied host, as the reboot of the example does, and waits until it answers. It fails
// where the host is not empty, and where a file says so.
const work = `#!/bin/sh
set -eu
test ! -e broken-$1 || { echo "$1 does not come back" >&2; exit 1; }
case $1 in
%s
esac
running=$(virsh -q -c "$uri" list --name)
test -z "$running" || { echo "$1 still runs $running" >&2; exit 1; }
old=$(cat "$pid")
kill -9 "$old"
while kill -0 "$old" 2>/dev/null; do sleep 0.1; done
$detached --fork sh -c "echo \$\$ >$pid; exec libvirtd --listen --pid-file /run/libvirt/libvirtd.pid >>$log 2>&1 </dev/null"
until virsh -q -c "$uri" version >/dev/null 2>&1; do sleep 0.2; done
echo "$1" >>worked
`

// rolling is a workspace with the example of a rolling maintenance, as it is, beside a provider for the lab.
func rolling(t *testing.T) *workspace {
	t.Helper()
	const example = "../../examples/guides/rolling_maintenance/"
	world := testLab(t)
	w := newWorkspace(t, three(t))
	for _, name := range []string{"main.tf", "roll.sh"} {
		to := filepath.Join(w.directory, name)
		if name == "main.tf" {
			to = filepath.Join(w.directory, "rolling.tf")
		}
		w.writeFile(t, to, readFile(t, example+name))
	}
	var cases strings.Builder
	for _, host := range world.Hosts {
		fmt.Fprintf(&cases, "%s) uri='%s' pid=%s log=%s detached='%s' ;;\n", host.Name, host.SocketURI,
			filepath.Join(host.Directory, "libvirtd.pid"), host.Log, strings.Join(host.Command(t.Context(), "setsid").Args, " "))
	}
	script := filepath.Join(w.directory, "work.sh")
	w.writeFile(t, script, fmt.Sprintf(work, cases.String()))
	programs := t.TempDir() // the example's script calls terraform
	if err := os.Symlink(os.Getenv("TF_ACC_TERRAFORM_PATH"), filepath.Join(programs, "terraform")); err != nil {
		t.Fatal(err)
	}
	w.environment = []string{"TF_VAR_work=sh ./work.sh", "PATH=" + programs + ":" + os.Getenv("PATH")}
	return w
}

// roll runs the example's script.
func (w *workspace) roll(t *testing.T, hosts ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	roll := exec.CommandContext(ctx, "sh", append([]string{"./roll.sh"}, hosts...)...)
	roll.Dir, roll.Env = w.directory, w.command(ctx).Env
	roll.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	roll.Cancel = func() error { return syscall.Kill(-roll.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr output
	roll.Stdout, roll.Stderr = &stdout, &stderr
	err := roll.Run()
	if roll.ProcessState == nil {
		t.Fatal(err)
	}
	return result{roll.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// TestAccRolling maintains three hosts in turn by the guide's example. It stops where a host does not come back, with
// every VM where it says, and goes on from there. It has the lab for itself.
func TestAccRolling(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	guests := map[string]*lab.Guest{}
	for _, host := range world.Hosts {
		guests[host.Name] = world.StartGuest(t, lab.GuestSpec{Bare: true, Host: host.Name})
	}
	w := rolling(t)
	broken, worked := filepath.Join(w.directory, "broken-kvm2"), filepath.Join(w.directory, "worked")
	w.writeFile(t, broken, "")

	r := w.roll(t, "kvm1", "kvm2", "kvm3")
	t.Log(r)
	if r.code == 0 {
		t.Error("it does not stop")
	}
	requireSaid(t, r, "== kvm2", "kvm2 does not come back")
	requireNotSaid(t, r, "== kvm3")
	requireHome(t, guests["kvm1"], "kvm1", "running")
	requireHome(t, guests["kvm3"], "kvm3", "running")
	if on := hostOf(t, guests["kvm2"].Name); on == "kvm2" {
		t.Error("kvm2 was not emptied")
	}
	for _, host := range world.Hosts {
		record := hostRecord(t, host, ownSecret)
		if cordoned := strings.Contains(record, `"cordoned":true`); cordoned != (host.Name == "kvm2") {
			t.Errorf("the record of %s is %s", host.Name, record)
		}
	}
	if done := readFile(t, worked); done != "kvm1\n" {
		t.Errorf("the work was done on %s", done)
	}

	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	r = w.roll(t, "kvm2", "kvm3")
	t.Log(r)
	if r.code != 0 {
		t.Error("it does not go on")
	}
	for name, guest := range guests {
		requireHome(t, guest, name, "running")
	}
	if done := readFile(t, worked); done != "kvm1\nkvm2\nkvm3\n" {
		t.Errorf("the work was done on %s", done)
	}
	for _, host := range world.Hosts {
		if record := hostRecord(t, host, ownSecret); record != "" {
			t.Errorf("the record of %s is %s", host.Name, record)
		}
	}
}
