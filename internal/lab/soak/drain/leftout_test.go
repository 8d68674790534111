//go:build !lab

package drain

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/tagged"
)

func TestLeftOut(t *testing.T) { tagged.Skip(t) }
