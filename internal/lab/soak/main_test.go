//go:build lab

package soak

import (
	"os"
	"strconv"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestMain(m *testing.M) {
	mover.Serve()
	guests, _ := strconv.Atoi(os.Getenv(lanesVariable)) // the test says what is wrong with it
	lab.Main(m, lab.WithHosts(2*max(guests, 1)))
}
