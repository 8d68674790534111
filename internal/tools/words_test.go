package tools_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// banned are words and phrases in lower case that users read wrong, each with what to
// write. The glossary of CONTRIBUTING.md has the words for things.
var banned = []struct{ said, write string }{
	{`can not`, "cannot"},
	{`hypervisor (host|node)`, "host"},
	{`target (host|node)`, "destination"},
	{`sighting`, "observation"},
	{`beside libvirt`, "only libvirt runs on the hosts"},
	{`next to the vms`, "in libvirt itself"},
	{`else it names`, "otherwise it prints"},
	{`are no pause`, "subtract 100 ms"},
	{`where nothing else is said`, "defaults"},
	{`what it leaves out comes`, "unset fields are inherited"},
	{`how far it is`, "progress"},
	{`are looked at:`, "the provider checks"},
	{`has it the`, "has enough"},
	{`is no drift`, "does not show as drift"},
	{`says "no limit"`, "means no limit"},
	{`with which it goes on`, "continues"},
	{`wait for a place`, "queue, or wait"},
	{`\bwhen read:`, "after a refresh"},
	{`spelling of the same vm`, "switching between the name and the UUID"},
	{`still to be made`, "not known until apply"},
	{`is to be\.`, "belongs"},
	{`# (who drives|how errors are called|two ways) `, "a noun for a heading"},
	{`that is found out`, "timers detect it"},
	{`nothing is started unless`, "a move starts only if"},
	{`destination's last word`, "the destination's final reply"},
	{`stopped and left so`, "paused"},
	{`does not tell who`, "does not report"},
	{`can be said on|that says something decides|stand on one level`, "set"},
	{`\blest\b`, "so that … not"},
	{`make no sense|are passed over`, "malformed lines are ignored"},
	{`may be another one`, "has not been verified"},
	{`not to work with`, "for debugging only"},
	{`are given up after`, "is given up after"},
	{`where it is another one`, "if it differs"},
	{`puts that right`, "repairs"},
	{`so that it leaves state`, "removed from state"},
	{`is gone with it`, "removed from state"},
	{`is null therefore`, "is therefore null"},
	{`let us in|no way to it|broke off`, "authentication failed, no route, handshake failed"},
	{`as things are now`, "at present"},
	{`start anew`, "start over"},
	{`error in the provider|provider developer`, "what is wrong"},
	{`virtual machine`, "VM"},
	{`does not depend on policy`, "missing dependency"},
}

// TestBannedWords greps what users read: documents, templates, examples, and the texts of
// schemas and messages.
func TestBannedWords(t *testing.T) {
	t.Parallel()
	patterns := make([]*regexp.Regexp, len(banned))
	for i, b := range banned {
		patterns[i] = regexp.MustCompile(b.said)
	}
	texts := readTexts(t)
	if len(texts) < 100 {
		t.Fatalf("only %d files are read", len(texts))
	}
	for path, text := range texts {
		text = strings.ToLower(strings.Join(strings.Fields(text), " "))
		for i, pattern := range patterns {
			if found := pattern.FindString(text); found != "" {
				t.Errorf("%s says %q: write %s", path, found, banned[i].write)
			}
		}
	}
}

// readTexts are documents, templates and examples, and the strings of packages whose texts
// users read, by their files.
func readTexts(t *testing.T) map[string]string {
	t.Helper()
	const root = "../.."
	texts := map[string]string{}
	for _, name := range []string{"README.md", "CHANGELOG.md"} {
		texts[name] = read(t, filepath.Join(root, name))
	}
	packages := []string{"explain", "provider", "policy", "fleet", "transport", "host", "preflight"}
	for i, name := range packages {
		packages[i] = "internal/" + name
	}
	for _, directory := range slices.Concat([]string{"docs", "templates", "examples"}, packages) {
		err := filepath.WalkDir(filepath.Join(root, directory), func(path string, entry fs.DirEntry, err error) error {
			name := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash(root+"/")))
			switch {
			case err != nil || entry.IsDir():
				return err
			case strings.HasPrefix(name, "docs/adr/"), strings.HasSuffix(name, "_test.go"):
			case slices.Contains([]string{".md", ".tmpl", ".tf"}, filepath.Ext(name)):
				texts[name] = read(t, path)
			case filepath.Ext(name) == ".go":
				texts[name] = literals(t, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// literals are the strings of a Go file.
func literals(t *testing.T, path string) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				all.WriteString(text)
				all.WriteString("\n")
			}
		}
		return true
	})
	return all.String()
}
