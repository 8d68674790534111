package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// MinimumQEMU is the oldest major version of QEMU that migrates emulated guests correctly. Older ones lose writes,
// fixed by "physmem: Fix migration dirty bitmap coherency with TCG memory access".
const MinimumQEMU = 9

// checkRequirements checks that this machine can run a lab. The error names the command that installs what is missing.
func checkRequirements(ctx context.Context) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("the lab runs on linux/amd64; this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	// Ordinary users do not have these in their search path.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin"); err != nil {
		return err
	}
	missing, err := missing(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("this machine lacks: %s\n%s", strings.Join(missing, ", "), setupHint())
	}
	if err := checkEmulator(ctx); err != nil {
		return err
	}
	return checkNamespaces(ctx)
}

// missing asks the set-up script, which has the list, for the programs and drivers that this machine lacks.
func missing(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-s", "missing")
	cmd.Stdin = strings.NewReader(setupScript)
	printed, err := capture(ctx, cmd)
	if err != nil {
		return nil, fmt.Errorf("ask the set-up what this machine lacks: %w", err)
	}
	var names []string
	for line := range strings.Lines(printed) {
		names = append(names, filepath.Base(strings.Fields(line)[0]))
	}
	return names, nil
}

// checkEmulator checks that QEMU is new enough to migrate an emulated guest.
func checkEmulator(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	output, err := exec.CommandContext(ctx, Emulator, "--version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s --version: %w\n%s", Emulator, err, output)
	}
	version, err := qemuVersion(string(output))
	if err != nil {
		return err
	}
	if version[0] < MinimumQEMU {
		return fmt.Errorf("QEMU %d.%d is too old: before %d.0 it corrupts an emulated guest that is migrated\n%s",
			version[0], version[1], MinimumQEMU, setupHint())
	}
	return nil
}

var versionPattern = regexp.MustCompile(`version (\d+)\.(\d+)`)

// qemuVersion reads the major and minor version from what `qemu-system-x86_64 --version` prints.
func qemuVersion(output string) ([2]int, error) {
	found := versionPattern.FindStringSubmatch(output)
	if found == nil {
		return [2]int{}, fmt.Errorf("no version in %q", output)
	}
	major, err := strconv.Atoi(found[1])
	if err != nil {
		return [2]int{}, err
	}
	minor, err := strconv.Atoi(found[2])
	return [2]int{major, minor}, err
}

// checkNamespaces checks that this user can create the lab's namespaces.
func checkNamespaces(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	args := append(namespaceArguments(), "true")
	output, err := exec.CommandContext(ctx, "unshare", args...).CombinedOutput()
	if err == nil {
		return nil
	}
	explanation := fmt.Sprintf("unshare %s: %s", strings.Join(args, " "), strings.TrimSpace(string(output)))
	if os.Geteuid() == 0 {
		return errors.New(explanation + "\nroot cannot create namespaces here; a container needs --privileged")
	}
	return fmt.Errorf("%s\nAn ordinary user needs user namespaces and subordinate IDs (package uidmap, "+
		"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER).\n"+
		"Without them run as root: sudo -E %s", explanation, strings.Join(os.Args, " "))
}

// namespaceArguments are the arguments of unshare for the lab's namespaces.
func namespaceArguments() []string {
	args := []string{"--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Geteuid() != 0 {
		// libvirtd sets supplemental groups when it starts QEMU, which needs subordinate IDs.
		args = append([]string{"--user", "--map-root-user", "--map-auto"}, args...)
	}
	return args
}

// setupHint names the command that installs what the machine lacks.
func setupHint() string {
	script := "internal/lab/setup/setup.sh"
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		script = filepath.Join(filepath.Dir(file), "setup", "setup.sh")
	}
	if os.Geteuid() != 0 {
		script = "sudo " + script
	}
	return "Run: " + script
}
