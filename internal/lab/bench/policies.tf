terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}

variable "hosts" {
  type = map(object({ uri = string }))
}

variable "vms" {
  type = set(string)
}

variable "max_downtime_ms" {
  type = number
}

provider "virt" {
  hosts = var.hosts
}

resource "virt_vm_migration_policy" "vm" {
  for_each        = var.vms
  vm              = each.key
  auto_converge   = true
  max_downtime_ms = var.max_downtime_ms
}
