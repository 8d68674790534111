// Package provider is the Terraform side of terraform-provider-virt: schemas,
// models that convert to and from the policy, and which attribute a diagnostic
// belongs to; package explain has its words. What the resources do is in the packages
// below it.
package provider
