package tagged

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBelowCountsWhatNeedsTheLab(t *testing.T) {
	t.Parallel()
	const tests = "package p\n\nimport \"testing\"\n\nfunc TestMain(m *testing.M) {}\nfunc TestAccA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\n" +
		"func helper() {}\nfunc (x s) TestC() {}\ntype s struct{}\n"
	root := t.TempDir()
	for path, text := range map[string]string{
		"both/a_test.go":          "//go:build lab\n\n" + tests,
		"both/b_test.go":          tests,
		"both/c_test.go":          "// A licence.\n\n//go:build linux && lab\n\n" + tests,
		"both/deeper/one_test.go": "//go:build lab\n\npackage p\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) {}\n",
		"otherwise/a_test.go":     "//go:build !lab\n\n" + tests,
		"otherwise/b_test.go":     "//go:build linux\n\n" + tests,
		"otherwise/c_test.go":     "//go:build lab || linux\n\n" + tests,
		"otherwise/d_test.go":     tests + "\n//go:build lab\n",
		"otherwise/code.go":       "//go:build lab\n\n" + tests,
		"testdata/a_test.go":      "//go:build lab\n\n" + tests,
		".git/a_test.go":          "//go:build lab\n\n" + tests,
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Below(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []Tests{{Directory: "both", Count: 4, Acceptance: 2}, {Directory: "both/deeper", Count: 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTestsSayHowManyTheyAre(t *testing.T) {
	t.Parallel()
	for want, tests := range map[string]Tests{
		"1 test":                              {Count: 1},
		"7 tests":                             {Count: 7},
		"7 tests, 3 of them acceptance tests": {Count: 7, Acceptance: 3},
	} {
		if got := tests.String(); got != want {
			t.Errorf("%+v: %q, want %q", tests, got, want)
		}
	}
}
