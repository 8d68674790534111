package tools_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestChangelog wants the form of HashiCorp's changelogs, which tools read: a release by its number and date, sections of
// known names in their order, and one line for each entry.
func TestChangelog(t *testing.T) {
	t.Parallel()
	release := regexp.MustCompile(`^## \d+\.\d+\.\d+ \((Unreleased|[A-Z][a-z]+ \d{1,2}, \d{4})\)$`)
	entry := regexp.MustCompile(`^\* (\*\*New [A-Z][A-Za-z ]+:\*\* )?\S`)
	sections := []string{"BREAKING CHANGES:", "NOTES:", "FEATURES:", "ENHANCEMENTS:", "BUG FIXES:"}
	place := -1
	for number, line := range strings.Split(strings.TrimSuffix(read(t, "../../CHANGELOG.md"), "\n"), "\n") {
		at := slices.Index(sections, line)
		switch {
		case number == 0 && !release.MatchString(line):
			t.Errorf("the changelog begins with %q", line)
		case release.MatchString(line):
			place = -1
		case at >= 0 && at <= place:
			t.Errorf("line %d: %s out of order", number+1, line)
		case at >= 0:
			place = at
		case line != "" && (place < 0 || !entry.MatchString(line)):
			t.Errorf("line %d is neither a release, a section nor an entry: %s", number+1, line)
		}
	}
	if place < 0 {
		t.Error("the last release has no section")
	}
}
