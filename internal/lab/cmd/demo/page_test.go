package main

import (
	"os"
	"strings"
	"testing"
)

func TestWritePage(t *testing.T) {
	t.Parallel()
	path, err := writePage(t.TempDir(), []row{
		{step: step{title: "Off <both>"}, report: &report{picture: "1-web.svg"}},
		{step: step{title: "Not moved"}},
		{step: step{title: "On"}, report: &report{picture: "2-web.svg"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for _, want := range []string{"auto_converge", "1. Off &lt;both&gt;", `src="1-web.svg"`, "3. On", `src="2-web.svg"`} {
		at := strings.Index(string(text), want)
		if at < last {
			t.Errorf("%q is missing or too early in:\n%s", want, text)
		}
		last = at
	}
}
