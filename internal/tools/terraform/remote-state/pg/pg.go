// Package pg stands in for Terraform's remote-state backend of that name.
package pg

import (
	"github.com/hashicorp/terraform/internal/backend"
	"github.com/hashicorp/terraform/internal/backend/remote-state/absent"
)

// New returns a backend that fails and says that it was left out.
func New() backend.Backend { return absent.Backend{} }
