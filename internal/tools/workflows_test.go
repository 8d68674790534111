package tools_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestActionsArePinned wants each action by the SHA of a commit, which nobody can
// move as a tag is moved, with its version beside it, which Renovate follows.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	var workflows []string
	for _, pattern := range []string{"../../.github/workflows/*.yml", "../../examples/ci/github-actions/*.yml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no file, %v", pattern, err)
		}
		workflows = append(workflows, found...)
	}
	pinned := regexp.MustCompile(`uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	used := 0
	for _, workflow := range workflows {
		for line := range strings.Lines(read(t, workflow)) {
			line = strings.TrimSpace(line)
			if !strings.Contains(line, "uses:") {
				continue
			}
			used++
			if !pinned.MatchString(line) {
				t.Errorf("%s: %s", filepath.Base(workflow), line)
			}
		}
	}
	if used == 0 {
		t.Error("no action found")
	}
}
