//go:build lab

package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// lanes is how many scenarios run at a time, each on two hosts of its own. Most of their time is waiting, so there may be
// more than processors.
const lanes = 4

func TestMain(m *testing.M) {
	if err := findTerraform(); err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Find Terraform:", err)
		os.Exit(1)
	}
	// A default that -parallel still overrides.
	if err := flag.Set("test.parallel", strconv.Itoa(lanes)); err != nil {
		panic(err) // the flag is the testing package's
	}
	lab.Main(m, lab.WithHosts(2*lanes))
}

// terraformVariable names the Terraform CLI of the tests.
const terraformVariable = "TF_ACC_TERRAFORM_PATH"

// findTerraform makes sure that there is a CLI that knows actions. It does its work outside the lab, where the CLI can be
// built; inside, the variable is set.
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
