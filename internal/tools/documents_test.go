package tools_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentsLinkToWhatIsThere follows the relative links of all documents: those
// to the code say where something is, and go stale when it is moved.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	root := "../.."
	documents, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, directory := range []string{"docs", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, directory), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && filepath.Ext(path) == ".md" {
				documents = append(documents, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	links := 0
	for _, document := range documents {
		for _, found := range link.FindAllStringSubmatch(read(t, document), -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), target)); err != nil {
				t.Errorf("%s: %s", strings.TrimPrefix(document, root+"/"), found[1])
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links found", links)
	}
}

// TestDecisionRecordsAreListed wants the records numbered without a gap, and each in
// the index by its title.
func TestDecisionRecordsAreListed(t *testing.T) {
	t.Parallel()
	records, err := filepath.Glob("../../docs/adr/[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(records) == 0 {
		t.Fatal("no record found")
	}
	index := read(t, "../../docs/adr/README.md")
	for i, record := range records {
		number := fmt.Sprintf("%03d", i+1)
		name := filepath.Base(record)
		if !strings.HasPrefix(name, number+"-") {
			t.Fatalf("%s has not the number %s", name, number)
		}
		heading, _, _ := strings.Cut(read(t, record), "\n")
		title, ok := strings.CutPrefix(heading, "# "+number+": ")
		if !ok {
			t.Errorf("%s begins with %q", name, heading)
		}
		if row := fmt.Sprintf("| [%s](%s) | %s |", number, name, title); !strings.Contains(index, row+"\n") {
			t.Errorf("the index lacks: %s", row)
		}
	}
	if rows := strings.Count(index, "\n| [0"); rows != len(records) {
		t.Errorf("the index has %d records of %d", rows, len(records))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
