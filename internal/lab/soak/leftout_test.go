//go:build !lab

package soak

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/tagged"
)

func TestLeftOut(t *testing.T) { tagged.Skip(t) }
