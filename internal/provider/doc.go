// Package provider is the Terraform side of terraform-provider-virt: schemas,
// models that convert to and from the policy, and which attribute a diagnostic
// belongs to. Package explain has the texts of diagnostics; what the resources do is in
// the packages below.
package provider
