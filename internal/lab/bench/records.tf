terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}

variable "hosts" {
  type = map(object({ uri = string }))
}

variable "max_downtime_ms" {
  type = number
}

provider "virt" {
  hosts = var.hosts
}

resource "virt_migration_global_settings" "all" {
  auto_converge = true
}

resource "virt_cluster_migration_policy" "all" {
  name            = "all"
  hosts           = keys(var.hosts)
  max_downtime_ms = var.max_downtime_ms
}
