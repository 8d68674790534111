//go:build lab

package defects

import (
	"os"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// chosenVariable is "all" to run everything; else what is short is run.
const chosenVariable = "VIRT_DEFECTS"

func all() bool { return os.Getenv(chosenVariable) == "all" }
