terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}

variable "hosts" {
  type = map(object({ uri = string }))
}

variable "vms" {
  type = number
}

variable "max_downtime_ms" {
  type = number
}

provider "virt" {
  hosts = var.hosts
}

resource "virt_vm_migration_policy" "vm" {
  count           = var.vms # Terraform takes longer than any provider for each.key of a large set
  vm              = format("vm-%05d", count.index + 1)
  auto_converge   = true
  max_downtime_ms = var.max_downtime_ms
}
