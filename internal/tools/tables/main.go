// Command tables writes the tables of the documentation that follow the code: that of policy fields
// (internal/policy), that of the checks before a move (internal/preflight), and the score of forecasts
// (internal/lab/recordings). Each goes between two comments that mark its place; a document .svg is the picture of
// the score.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func main() {
	moves, err := recordings.Recorded()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
	for _, document := range os.Args[1:] {
		if err := rewrite(document, moves); err != nil {
			fmt.Fprintln(os.Stderr, "tables:", err)
			os.Exit(1)
		}
	}
}

func rewrite(document string, moves []recordings.Recording) error {
	if strings.HasSuffix(document, ".svg") {
		return os.WriteFile(document, []byte(recordings.Picture(moves)), 0o644)
	}
	info, err := os.Stat(document)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	written, err := insert(string(content), moves)
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(written), info.Mode().Perm())
}

// insert replaces what is between the comments of each table that a document has.
func insert(content string, moves []recordings.Recording) (string, error) {
	tables := map[string]string{
		"policy fields": fields(policy.Table()), "checks": checks(preflight.Table()),
		"forecast score": recordings.Table(moves),
	}
	filled := 0
	for name, table := range tables {
		if written, err := replace(content, name, table); err == nil {
			content = written
			filled++
		} else if strings.Contains(content, begin(name)) {
			return "", err
		}
	}
	if filled == 0 {
		return "", errors.New("it has no place for a table")
	}
	return content, nil
}

func begin(name string) string { return fmt.Sprintf("<!-- %s: written by make generate -->\n", name) }

func end(name string) string { return fmt.Sprintf("<!-- end of %s -->\n", name) }

// replace replaces what is between the two comments of one table.
func replace(content, name, table string) (string, error) {
	before, rest, found := strings.Cut(content, begin(name))
	_, after, closed := strings.Cut(rest, end(name))
	if !found || !closed {
		return "", fmt.Errorf("the comments of the table of %s are missing", name)
	}
	return before + begin(name) + "\n" + table + "\n" + end(name) + after, nil
}

// fields is the table of policy fields, in Markdown.
func fields(definitions []policy.Definition) string {
	var text strings.Builder
	text.WriteString("| field | what it is | values | where no level sets it |\n|---|---|---|---|\n")
	for _, d := range definitions {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", d.Field, d.Summary, d.Values, d.Unset)
	}
	return text.String()
}

// checks is the table of checks before a move, in Markdown.
func checks(rows []preflight.Row) string {
	var text strings.Builder
	text.WriteString("| check | makes sure that | asks | finds | an error is in a plan | calls for each VM |\n" +
		"|---|---|---|---|---|---|\n")
	for _, row := range rows {
		plan := "–"
		if row.Severity.Allows(false) {
			plan = fmt.Sprintf("%s: %s", row.Outlook.Plan, row.Outlook.Why)
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s | %s | %d |\n", row.Check, row.About, row.Asks, row.Severity, plan,
			row.Calls)
	}
	return text.String()
}
