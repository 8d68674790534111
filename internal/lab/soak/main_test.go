//go:build lab

package soak

import (
	"os"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestMain(m *testing.M) {
	if os.Getenv(clientVariable) != "" {
		os.Exit(client())
	}
	lab.Main(m)
}
