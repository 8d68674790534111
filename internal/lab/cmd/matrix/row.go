package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// rowTimeout bounds the tests of one row.
const rowTimeout = 30 * time.Minute

// row is some tests of one package on hosts of some releases.
type row struct {
	name      string
	releases  []lab.Release // of the hosts, in turn; the tests choose them where there are none
	pattern   string        // what -run takes
	directory string
}

const (
	policyTests = `^TestAcc(GlobalSettings|ClusterPolicy|VMPolicy)_(lifecycle|drift|import)$`
	moveTests   = `^TestAcc(LiveMigration_(lifecycle|levels)|Invoke|Parameters)$`
	// recoveryTest recovers a VM 20 times, or wants the recovery refused where libvirt would crash.
	recoveryTest = `^TestAccPostCopyRecovery$`
	provider     = "internal/provider"
	matrix       = "internal/lab/matrix"
)

var rows = []row{
	{"policies of all levels", []lab.Release{lab.Bookworm}, policyTests, provider},
	{"policies of all levels", []lab.Release{lab.Trixie}, policyTests, provider},
	{"policies of all levels", []lab.Release{lab.Forky}, policyTests, provider},
	{"policies of all levels, hosts of each release in one fleet", nil, "^TestPolicy$", matrix},
	{"moves", []lab.Release{lab.Trixie}, moveTests, provider},
	{"moves", []lab.Release{lab.Forky}, moveTests, provider},
	{"the recovery of a post-copy is refused", []lab.Release{lab.Trixie}, recoveryTest, provider},
	{"20 recoveries of a post-copy that has lost its link", []lab.Release{lab.Forky}, recoveryTest, provider},
	{"an upgrade: there and back, in both modes", nil, "^Test(Upgrade|NewerMachineType)$", matrix},
	{"a field that a release does not have", nil, "^TestFieldTooNew$", matrix},
	{"VMs of dmacvicar/libvirt", nil, "^TestLibvirtDomain", matrix},
}

// hosts are the releases of the hosts, for people.
func (r row) hosts() string {
	if len(r.releases) == 0 {
		return "several"
	}
	names := make([]string, len(r.releases))
	for i, release := range r.releases {
		names[i] = string(release)
	}
	return strings.Join(names, ", ")
}

// result is how a row went.
type result struct {
	row                 row
	ok, failed, leftOut int
	broken              bool // go test failed, whatever its tests did
	took                time.Duration
}

func (r result) passed() bool { return r.ok > 0 && r.failed == 0 && !r.broken }

// String is the line of the table.
func (r result) String() string {
	failed := fmt.Sprint(r.failed)
	if r.broken && r.failed == 0 {
		failed = "did not run to the end"
	}
	return fmt.Sprintf("| %s | %s | %d | %s | %d | %d s |",
		r.row.name, r.row.hosts(), r.ok, failed, r.leftOut, int(r.took.Seconds()))
}

// build builds the tests of the row's package in a directory, and returns the program.
func (r row) build(ctx context.Context, directory string) (string, error) {
	program := filepath.Join(directory, filepath.Base(r.directory)+".test")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	build := exec.CommandContext(ctx, "go", "test", "-tags", "lab", "-c", "-o", program, "./"+r.directory)
	if printed, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, printed)
	}
	return program, nil
}

// run runs the tests of the row, by a program that is built in a directory unless it is there. What failed tests
// printed goes to standard error.
func (r row) run(ctx context.Context, directory string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, rowTimeout)
	defer cancel()
	names := make([]string, len(r.releases))
	for i, release := range r.releases {
		names[i] = string(release)
	}
	program, err := r.build(ctx, directory)
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", "test2json", "-t", program,
		"-test.v=test2json", "-test.timeout="+rowTimeout.String(), "-test.run="+r.pattern)
	cmd.Dir = r.directory
	cmd.Env = append(os.Environ(), "VIRT_MATRIX=all", "VIRT_LAB_RELEASES="+strings.Join(names, ","), "TF_ACC=1")
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	counted := count(events)
	counted.row = r
	counted.broken = cmd.Wait() != nil
	counted.took = time.Since(started)
	return counted, nil
}

// count counts tests, without subtests, in what go test -json prints, and prints what those that fail have printed.
func count(events io.Reader) result {
	var counted result
	printed := map[string]*strings.Builder{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue // what the lab prints by itself
		}
		test, _, isSubtest := strings.Cut(event.Test, "/")
		if printed[test] == nil {
			printed[test] = new(strings.Builder)
		}
		printed[test].WriteString(event.Output)
		switch {
		case isSubtest:
		case event.Action == "fail":
			fmt.Fprint(os.Stderr, printed[test])
			if test != "" {
				counted.failed++
			}
		case event.Action == "pass" && test != "":
			counted.ok++
		case event.Action == "skip" && test != "":
			counted.leftOut++
		}
	}
	return counted
}
