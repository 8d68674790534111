//go:build lab

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// terraformVariable names the Terraform CLI of the tests.
const terraformVariable = "TF_ACC_TERRAFORM_PATH"

func TestMain(m *testing.M) {
	if err := findTerraform(); err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Find Terraform:", err)
		os.Exit(1)
	}
	lab.Main(m, lab.WithHosts(3))
}

// findTerraform makes sure that there is a CLI. It does its work outside the lab, where the CLI can be built; inside, the
// variable is set.
func findTerraform() error {
	if os.Getenv(terraformVariable) != "" {
		return nil
	}
	cli := exec.Command("../../tools/terraform/cli.sh")
	cli.Stderr = os.Stderr
	path, err := cli.Output()
	if err != nil {
		return err
	}
	return os.Setenv(terraformVariable, strings.TrimSpace(string(path)))
}
