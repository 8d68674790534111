// Package fleet is all the hosts of one provider configuration: it finds a VM
// wherever it is, keeps policy records equal on every host that should have
// them, resolves a VM's policy, and moves a VM within per-host limits. It does
// not log and does not know Terraform; it returns typed facts, for which package
// explain has the words.
package fleet
