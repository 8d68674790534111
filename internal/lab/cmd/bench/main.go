// Command bench measures the provider and prints a table of ratios: see [bench].
//
//	go run ./internal/lab/cmd/bench [-only REGEXP] [-n VMS] [-rounds N] [-o DIRECTORY]
//
// It writes the table to bench.md and all figures to bench.json. It makes a lab of its own.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/bench"
)

// The variables hand the kit, as JSON, and the commit to the same program inside the lab.
const (
	kitVariable    = "VIRT_BENCH_KIT"
	commitVariable = "VIRT_BENCH_COMMIT"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Run the Benchmark:", err)
	}
	os.Exit(code)
}

func run() (int, error) {
	only := flag.String("only", "", "a regular expression of the rows to measure, by name")
	vms := flag.Int("n", 1000, "the number of VMs of a fleet")
	rounds := flag.Int("rounds", 3, "how often what stands beside each other takes turns")
	directory := flag.String("o", "bin", "the directory that the results are written to")
	flag.Parse()
	chosen, err := regexp.Compile(*only)
	if err != nil {
		return 2, err
	}
	rows := slices.DeleteFunc(bench.Rows(), func(r bench.Row) bool { return !chosen.MatchString(r.Name()) })
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The stages of a lab run this program again: only the first one builds.
	if os.Getenv(kitVariable) == "" {
		directory, err := os.MkdirTemp("", "virt-bench-")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(directory)
		if err := pack(ctx, directory); err != nil {
			return 1, err
		}
	}
	world, err := lab.Current()
	switch {
	case errors.Is(err, lab.ErrNoLab):
		return lab.Run(context.WithoutCancel(ctx), os.Args, lab.WithHosts(mostHosts(rows)))
	case err != nil:
		return 1, err
	}
	started := time.Now()
	b := &bench.Bench{World: world, VMs: *vms, Rounds: *rounds, Say: func(format string, arguments ...any) {
		fmt.Fprintf(os.Stderr, "%5.0f s  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, arguments...))
	}}
	if err := json.Unmarshal([]byte(os.Getenv(kitVariable)), &b.Kit); err != nil {
		return 1, fmt.Errorf("read %s: %w", kitVariable, err)
	}
	report, err := bench.Measure(ctx, b, rows)
	return outcome(report, err, *directory)
}

// outcome writes what was measured, also where a row has failed.
func outcome(report *bench.Report, failed error, directory string) (int, error) {
	report.Commit = os.Getenv(commitVariable)
	if err := errors.Join(failed, report.Write(os.Stdout, directory)); err != nil {
		return 1, err
	}
	return 0, nil
}

// mostHosts is how many hosts the rows want.
func mostHosts(rows []bench.Row) int {
	hosts := 1
	for _, row := range rows {
		hosts = max(hosts, row.Hosts())
	}
	return hosts
}

// pack builds what is measured in a directory, and leaves in the environment where it is, and of which commit.
func pack(ctx context.Context, directory string) error {
	terraform, err := output(ctx, "internal/tools/terraform/cli.sh")
	if err != nil {
		return err
	}
	commit, err := output(ctx, "git", "describe", "--always", "--dirty")
	if err != nil {
		return err
	}
	kit, err := bench.Pack(ctx, directory, terraform)
	if err != nil {
		return err
	}
	packed, err := json.Marshal(kit)
	if err != nil {
		return err
	}
	return errors.Join(os.Setenv(kitVariable, string(packed)), os.Setenv(commitVariable, commit))
}

// output runs a program and returns its standard output.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return strings.TrimSpace(string(printed)), nil
}
