package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWritePage(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, name := range []string{"1-web.svg", "2-web.svg", "1-web.json"} {
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path, err := writePage(directory, []row{{step: step{title: "Off <both>"}}, {step: step{title: "On"}}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for _, want := range []string{"auto_converge", "1. Off &lt;both&gt;", `src="1-web.svg"`, "2. On", `src="2-web.svg"`} {
		at := strings.Index(string(text), want)
		if at < last {
			t.Errorf("%q is missing or too early in:\n%s", want, text)
		}
		last = at
	}
}
