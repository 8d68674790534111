package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHalfBuiltTreeIsNoTree wants a tree only where tree.sh has made it to its end.
func TestHalfBuiltTreeIsNoTree(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	tree := filepath.Join(cache, "terraform-provider-virt", "trees", "trixie")
	if err := os.MkdirAll(filepath.Join(tree, "usr"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Trixie.Versions(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a half-built tree: %v", err)
	}
	err := checkReleases([]Release{Machine, Trixie})
	if err == nil || !strings.Contains(err.Error(), "internal/lab/trees/tree.sh make trixie") {
		t.Errorf("a lab on a half-built tree: %v", err)
	}
	if err := os.WriteFile(filepath.Join(tree, ".versions"), []byte("libvirt 11.3.0, QEMU 10.0.13\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if versions, err := Trixie.Versions(); err != nil || versions != "libvirt 11.3.0, QEMU 10.0.13" {
		t.Errorf("a whole tree: %q, %v", versions, err)
	}
	if err := checkReleases([]Release{Machine, Trixie}); err != nil {
		t.Errorf("a lab on a whole tree: %v", err)
	}
}

// TestReleasesOfTheEnvironment wants VIRT_LAB_RELEASES to win over the options, and to be told from a typo.
func TestReleasesOfTheEnvironment(t *testing.T) {
	o := collect([]Option{WithReleases(Bookworm)})
	if got := o.chosenReleases(); !slices.Equal(got, []Release{Bookworm}) {
		t.Errorf("by the options: %v", got)
	}
	t.Setenv(releasesVariable, "trixie,forky")
	if got := o.chosenReleases(); !slices.Equal(got, []Release{Trixie, Forky}) {
		t.Errorf("by the environment: %v", got)
	}
	if err := checkReleases([]Release{"sid"}); err == nil || !strings.Contains(err.Error(), `no tree of "sid"`) {
		t.Errorf("an unknown release: %v", err)
	}
}
