package tools_test

import (
	"cmp"
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
	links := 0
	for _, document := range documents {
		for _, link := range linksOf(read(t, document)) {
			target, anchor, _ := strings.Cut(link, "#")
			if strings.Contains(target, "://") {
				continue
			}
			links++
			path := document
			if target != "" {
				path = filepath.Join(filepath.Dir(document), target)
			}
			if problem := missing(t, path, anchor); problem != "" {
				t.Errorf("%s: %s: %s", strings.TrimPrefix(document, root+"/"), link, problem)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links found", links)
	}
}

// registry is where the Terraform Registry shows docs/.
const registry = "https://registry.terraform.io/providers/terraform-provider-virt/virt/latest/docs"

// TestDocumentsOfTheRegistryLinkAbsolutely wants the pages that the Registry shows to link to each other as it does: it
// serves them without ".md", the index one level above the others, and rewrites no link.
func TestDocumentsOfTheRegistryLinkAbsolutely(t *testing.T) {
	t.Parallel()
	links := 0
	err := filepath.WalkDir("../../docs", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "adr" {
			return filepath.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		for _, link := range linksOf(read(t, path)) {
			address, anchor, _ := strings.Cut(link, "#")
			page, ours := strings.CutPrefix(address, registry)
			problem := ""
			switch {
			case ours:
				links++
				problem = missing(t, filepath.Join("../../docs", cmp.Or(page, "/index")+".md"), anchor)
			case !strings.Contains(address, "://") && address != "":
				problem = "a relative link, which the Registry does not resolve"
			}
			if problem != "" {
				t.Errorf("%s: %s: %s", path, link, problem)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 20 {
		t.Errorf("only %d links between pages found", links)
	}
}

// linksOf are the targets of a document's links and images, inline and by reference.
func linksOf(text string) []string {
	var links []string
	for _, found := range regexp.MustCompile(`\]\(([^)\s]+)\)|(?m:^\[[\w-]+\]: (\S+)$)`).FindAllStringSubmatch(text, -1) {
		links = append(links, found[1]+found[2])
	}
	return links
}

// missing says what is not there of a file and, where the link has one, a heading in it; empty where all is there.
func missing(t *testing.T, path, anchor string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return "no such file"
	}
	if anchor == "" || filepath.Ext(path) != ".md" {
		return ""
	}
	text := read(t, path)
	if strings.Contains(text, `<a id="`+anchor+`">`) {
		return ""
	}
	dropped := regexp.MustCompile(`[^\w\- ]`)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		if strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-") == anchor {
			return ""
		}
	}
	return "no such heading"
}

// TestReferencesAreDefined wants no link by reference without its target: it would show as plain text in brackets.
func TestReferencesAreDefined(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	for _, page := range append(pages, "../../docs/index.md") {
		text := read(t, page)
		for _, found := range regexp.MustCompile(`\]\[([\w-]+)\]`).FindAllStringSubmatch(text, -1) {
			used++
			if !strings.Contains(text, "\n["+found[1]+"]: ") {
				t.Errorf("%s has no target for [%s]", page, found[1])
			}
		}
	}
	if used == 0 {
		t.Error("no link by reference found")
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
