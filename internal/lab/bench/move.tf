terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}

variable "hosts" {
  type = map(object({ uri = string, peer_uri = optional(string), migration_uri = string }))
}

variable "vm" {
  type = string
}

variable "destination" {
  type = string
}

provider "virt" {
  hosts = var.hosts
}

action "virt_vm_live_migration" "move" {
  config {
    vm                       = var.vm
    destination              = var.destination
    bandwidth_mib_per_second = 20
  }
}
