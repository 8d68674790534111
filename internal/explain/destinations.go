package explain

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"

// Rejected is what speaks against a host, with what would be right where a check has found it.
func Rejected(r placement.Reason) string { return fullStop(capital(binding(r))) }
