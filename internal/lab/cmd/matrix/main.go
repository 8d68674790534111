// Command matrix runs tests on libvirt hosts of other Debian releases, and prints which passed as a table in Markdown.
//
//	go run ./internal/lab/cmd/matrix [-o FILE] [-only REGEXP]
//
// The root trees that the hosts run from must be there: internal/lab/trees/tree.sh makes them. It runs in the top
// directory of the checkout. The exit code is 1 where a test failed or a row ran none.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

func main() {
	file := flag.String("o", "", "a file that the table is written to")
	only := flag.String("only", "", "a regular expression of the rows to run, by name or hosts")
	flag.Parse()
	passed, err := run(context.Background(), *file, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Run the Matrix:", err)
	}
	if err != nil || !passed {
		os.Exit(1)
	}
}

// run runs the rows, prints the table and writes it to a file, if one is named. It tells whether all rows passed.
func run(ctx context.Context, file, only string) (bool, error) {
	chosen, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	var table strings.Builder
	if err := writeHead(ctx, &table); err != nil {
		return false, err
	}
	directory, err := os.MkdirTemp("", "matrix")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(directory)
	passed := true
	for _, row := range rows {
		if !chosen.MatchString(row.name + " " + row.hosts()) {
			continue
		}
		fmt.Fprintf(os.Stderr, "==> %s, on %s\n", row.name, row.hosts())
		result, err := row.run(ctx, directory)
		if err != nil {
			return false, err
		}
		fmt.Fprintln(&table, result)
		passed = passed && result.passed()
	}
	fmt.Print(table.String())
	if file == "" {
		return passed, nil
	}
	return passed, os.WriteFile(file, []byte(table.String()), 0o644)
}

// writeHead writes what the rows are about to run with.
func writeHead(ctx context.Context, table io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return fmt.Errorf("git describe: %w", err)
	}
	versions, err := exec.CommandContext(ctx, "internal/lab/trees/tree.sh", "list").Output()
	if err != nil {
		return fmt.Errorf("internal/lab/trees/tree.sh list: %w", err)
	}
	fmt.Fprintf(table, "Commit %s.\n\n", strings.TrimSpace(string(commit)))
	for line := range strings.Lines(string(versions)) {
		fmt.Fprintf(table, "- %s", line)
	}
	fmt.Fprintf(table, "\n| what | hosts | passed | failed | left out | took |\n|---|---|---|---|---|---|\n")
	return nil
}
