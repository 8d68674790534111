package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Release is the Debian release that a host of the lab runs from: its libvirt, its QEMU and all other programs.
type Release string

const (
	// Machine is the release of the machine itself, with what setup/setup.sh installed.
	Machine Release = "machine"
	// Bookworm is Debian 12. Its QEMU corrupts an emulated guest that is migrated: see [MinimumQEMU].
	Bookworm Release = "bookworm"
	// Trixie is Debian 13.
	Trixie Release = "trixie"
	// Forky is Debian testing.
	Forky Release = "forky"
)

// Releases are those that trees/tree.sh makes root trees of, oldest first.
func Releases() []Release { return []Release{Bookworm, Trixie, Forky} }

// releasesVariable names the releases of the hosts, in turn, separated by commas: a command line's way to have tests
// run on hosts of other releases.
const releasesVariable = "VIRT_LAB_RELEASES"

// WithReleases has the hosts run from these releases, in turn; the default is [Machine]. The trees must be there:
// trees/tree.sh makes them. VIRT_LAB_RELEASES overrides it.
func WithReleases(releases ...Release) Option {
	return func(o *options) { o.releases = releases }
}

// chosenReleases are the releases of the options, or those of the environment.
func (o options) chosenReleases() []Release {
	if named := os.Getenv(releasesVariable); named != "" {
		var releases []Release
		for name := range strings.SplitSeq(named, ",") {
			releases = append(releases, Release(name))
		}
		return releases
	}
	if len(o.releases) == 0 {
		return []Release{Machine}
	}
	return o.releases
}

// Versions returns what the tree of a release has, for example "libvirt 9.0.0, QEMU 7.2.17", and an error that is
// [fs.ErrNotExist] where there is no whole tree. [Machine] has no tree.
func (r Release) Versions() (string, error) {
	tree, err := r.tree()
	if err != nil {
		return "", err
	}
	versions, err := os.ReadFile(filepath.Join(tree, ".versions")) // Written last: a tree without it is half-built.
	return strings.TrimSpace(string(versions)), err
}

// tree is the root tree of the release.
func (r Release) tree() (string, error) {
	cache, err := cacheDirectory()
	return filepath.Join(cache, "trees", string(r)), err
}

// checkReleases checks that there is a whole tree of every release. The error names the command that makes those that
// are missing.
func checkReleases(releases []Release) error {
	var missing []string
	for _, release := range releases {
		if release == Machine {
			continue
		}
		if !slices.Contains(Releases(), release) {
			return fmt.Errorf("the lab has no tree of %q; %s takes %s and %v", release, releasesVariable, Machine, Releases())
		}
		switch _, err := release.Versions(); {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, string(release))
		case err != nil:
			return err
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		names := strings.Join(slices.Compact(missing), " ")
		return fmt.Errorf("there is no whole root tree of %s\nRun: internal/lab/trees/tree.sh make %s", names, names)
	}
	return nil
}

// treeMounts are the parts of a release's tree that a host sees in place of the machine's. On Debian and Ubuntu every
// program, library and data file is below /usr; some are found through links of Debian's alternatives, and libraries
// through the linker's cache. /usr comes last: up to there the script that mounts them runs the machine's programs.
var treeMounts = []string{"/etc/alternatives", "/etc/ld.so.cache", "/usr"}

// changeRoot is a shell script that makes the release's programs those of the host's mount namespace. It leaves the
// tree as it is.
func (r Release) changeRoot() (string, error) {
	if r == Machine {
		return "", nil
	}
	tree, err := r.tree()
	if err != nil {
		return "", err
	}
	var script strings.Builder
	for _, path := range treeMounts {
		fmt.Fprintf(&script, "mount --bind -o ro '%s' %s\n", tree+path, path)
	}
	return script.String(), nil
}
