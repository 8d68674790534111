//go:build lab

package soak

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }
