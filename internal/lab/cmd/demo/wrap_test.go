package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	words := strings.TrimSpace(strings.Repeat("word ", 25)) // 124 characters
	line := strings.TrimSpace(strings.Repeat("word ", 19))  // 94 characters
	cases := map[string]struct{ text, want string }{
		"short":        {"one line\n\nanother", "one line\n\nanother"},
		"long":         {words, line + "\nword word word word word word"},
		"item":         {"  - " + words, "  - " + line[5:] + "\n    word word word word word word word"},
		"last newline": {"a\n", "a\n"},
		"long word":    {"a " + strings.Repeat("x", 120), "a\n" + strings.Repeat("x", 120)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, wrap(tc.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
