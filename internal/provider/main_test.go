//go:build lab

package provider_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestMain runs the package's tests inside a lab of three hosts, with a Terraform
// CLI that knows actions unless TF_ACC_TERRAFORM_PATH says which to use.
func TestMain(m *testing.M) {
	if err := prepareTerraform(); err != nil {
		fmt.Fprintln(os.Stderr, "Unable to prepare Terraform:", err)
		os.Exit(1)
	}
	runAtOnce(4)
	lab.Main(m, lab.WithHosts(3))
}

// runAtOnce lets more tests run at a time than there are processors, unless the
// command line says how many: mostly they wait for guests and for hosts.
func runAtOnce(tests int) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said && tests > runtime.GOMAXPROCS(0) {
		if err := flag.Set("test.parallel", strconv.Itoa(tests)); err != nil {
			panic(err) // the testing package has that flag
		}
	}
}

// prepareTerraform sets what the acceptance tests need of the environment. It
// runs outside the lab first, where the CLI can be built; inside, all of it is
// there already.
func prepareTerraform() error {
	environment := map[string]string{
		"TF_ACC":             "1",
		"CHECKPOINT_DISABLE": "1",
		// The user's own CLI configuration has no part in the tests.
		"TF_CLI_CONFIG_FILE": os.DevNull,
		// Terraform's many short runs are most of the work: collecting garbage
		// less often saves a fifth of it.
		"GOGC": cmp.Or(os.Getenv("GOGC"), "400"),
	}
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		cmd := exec.Command("../tools/terraform/cli.sh")
		cmd.Stderr = os.Stderr
		path, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", cmd, err)
		}
		environment["TF_ACC_TERRAFORM_PATH"] = strings.TrimSpace(string(path))
	}
	for name, value := range environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
