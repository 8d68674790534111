package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStepsChangeTheConfiguration(t *testing.T) {
	t.Parallel()
	c, err := newConfiguration(filepath.Join(t.TempDir(), "workspace"), 42)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.main, "\n  bandwidth_mib_per_second = 42 ") {
		t.Errorf("the link is not that of the stage:\n%s", c.main)
	}
	for _, s := range steps {
		if err := c.change(s.edits); err != nil {
			t.Fatalf("%s: %v", s.title, err)
		}
		written, err := os.ReadFile(filepath.Join(c.directory, mainFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.edits {
			for _, line := range e.add {
				if !strings.Contains(block(string(written), e.block), "\n  "+line+"\n") {
					t.Errorf("%s: %s has no line %q:\n%s", s.title, e.block, line, written)
				}
			}
			if e.remove != "" && strings.Contains(block(string(written), e.block), e.remove) {
				t.Errorf("%s: %s still has the line %q", s.title, e.block, e.remove)
			}
		}
	}
}

// block is the text of a block of a configuration.
func block(text, header string) string {
	_, text, _ = strings.Cut(text, header+" {")
	text, _, _ = strings.Cut(text, "\n}")
	return text + "\n"
}

func TestEditThatDoesNotFitIsAnError(t *testing.T) {
	t.Parallel()
	const text = "resource \"a\" \"b\" {\n  name = \"x\"\n}\n\nresource \"c\" \"d\" {\n  size = 1\n}\n"
	cases := map[string]struct {
		edit edit
		want string // empty: an error
	}{
		"adds at the end of the block": {
			edit{block: `resource "a" "b"`, add: []string{"on = true"}},
			"resource \"a\" \"b\" {\n  name = \"x\"\n\n  on = true\n}\n\nresource \"c\" \"d\" {\n  size = 1\n}\n",
		},
		"replaces a line": {
			edit{block: `resource "c" "d"`, remove: "size = 1", add: []string{"size = 2"}},
			"resource \"a\" \"b\" {\n  name = \"x\"\n}\n\nresource \"c\" \"d\" {\n  size = 2\n}\n",
		},
		"line of another block": {edit: edit{block: `resource "a" "b"`, remove: "size = 1", add: []string{"size = 2"}}},
		"no such block":         {edit: edit{block: `resource "a" "c"`, add: []string{"on = true"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.edit.apply(text)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
