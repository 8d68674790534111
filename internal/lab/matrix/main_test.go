//go:build lab

package matrix

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// terraformVariable names the Terraform CLI of the tests.
const terraformVariable = "TF_ACC_TERRAFORM_PATH"

// TestMain runs the tests in a lab of two hosts of the machine's own release and one of each release whose tree is
// there.
func TestMain(m *testing.M) {
	if err := findTerraform(); err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Find Terraform:", err)
		os.Exit(1)
	}
	releases := []lab.Release{lab.Machine, lab.Machine}
	for _, release := range lab.Releases() {
		if _, err := release.Versions(); err == nil {
			releases = append(releases, release)
		}
	}
	lab.Main(m, lab.WithHosts(len(releases)), lab.WithReleases(releases...))
}

// findTerraform makes sure that there is a CLI. It does its work outside the lab, where the CLI can be built; inside,
// the variable is set.
func findTerraform() error {
	if os.Getenv(terraformVariable) != "" {
		return nil
	}
	find := exec.Command("../../tools/terraform/cli.sh")
	find.Stderr = os.Stderr
	path, err := find.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", find, err)
	}
	return os.Setenv(terraformVariable, strings.TrimSpace(string(path)))
}

// inMatrix tells whether everything is asked for, not only what make test has.
func inMatrix() bool { return os.Getenv("VIRT_MATRIX") == "all" }

// onlyInMatrix leaves a test to make matrix.
func onlyInMatrix(t *testing.T) {
	t.Helper()
	if !inMatrix() {
		t.Skip("make matrix runs this")
	}
}

// world is the lab that the tests run in.
func world(t *testing.T) *lab.World {
	t.Helper()
	current, err := lab.Current()
	must(t, err)
	return current
}

// hostOf returns the host of a release. Where its tree is not there, the test fails in the matrix and else is skipped.
func hostOf(t *testing.T, release lab.Release) *lab.Host {
	t.Helper()
	for _, host := range world(t).Hosts {
		if host.Release == release {
			return host
		}
	}
	if _, err := release.Versions(); inMatrix() || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no host runs from a tree of %s: %v", release, err)
	}
	t.Skipf("there is no tree of %s; internal/lab/trees/tree.sh make %s makes one", release, release)
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
