// Command policytable writes the table of policy fields into documents, between
// two comments that mark its place. The table follows internal/policy.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	begin = "<!-- policy fields: written by make generate -->\n"
	end   = "<!-- end of policy fields -->\n"
)

func main() {
	for _, document := range os.Args[1:] {
		if err := rewrite(document); err != nil {
			fmt.Fprintln(os.Stderr, "policytable:", err)
			os.Exit(1)
		}
	}
}

func rewrite(document string) error {
	info, err := os.Stat(document)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	written, err := insert(string(content), table(policy.Table()))
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(written), info.Mode().Perm())
}

// insert replaces what is between the two comments.
func insert(content, table string) (string, error) {
	before, rest, found := strings.Cut(content, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("the comments %q and %q are missing", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + table + end + after, nil
}

// table is in Markdown.
func table(definitions []policy.Definition) string {
	var text strings.Builder
	text.WriteString("\n| field | what it is | values | where no level sets it |\n|---|---|---|---|\n")
	for _, d := range definitions {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", d.Field, d.Summary, d.Values, d.Unset)
	}
	text.WriteString("\n")
	return text.String()
}
