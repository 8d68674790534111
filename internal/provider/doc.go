// Package provider is the Terraform side of terraform-provider-virt: schemas,
// models that convert to and from the policy, and the one place where errors
// become diagnostics. What the resources do is in the packages below it.
package provider
