terraform {
  required_providers {
    virt = {
      source = "terraform-provider-virt/virt"
    }
  }
}

provider "virt" {
  hosts = {
    kvm1 = { uri = "qemu+tcp://kvm1/system" }
    kvm2 = { uri = "qemu+tcp://kvm2/system" }
  }
}

# Global: both switches are off unless somebody switches them on.
resource "virt_migration_global_settings" "all" {
  stall_timeout            = "10s" # cancel a move that makes no progress
  timeout                  = "10m" # and any move that takes longer than this
  bandwidth_mib_per_second = 50    # what the link carries
}

# Cluster: inherits from global what it does not set.
resource "virt_cluster_migration_policy" "rack1" {
  name  = "rack1"
  hosts = ["kvm1", "kvm2"]
}

# VM: inherits from its cluster what it does not set.
resource "virt_vm_migration_policy" "web" {
  vm = "web"
}

# Where the VM is to be.
resource "virt_vm_live_migration" "web" {
  vm          = "web"
  destination = "kvm1"
  forecast    = "warn" # measure the VM first, and say what the move will be like

  depends_on = [
    virt_migration_global_settings.all,
    virt_cluster_migration_policy.rack1,
    virt_vm_migration_policy.web,
  ]
}

# A move by hand: terraform apply -invoke=action.virt_vm_live_migration.to_kvm2
action "virt_vm_live_migration" "to_kvm2" {
  config {
    vm          = "web"
    destination = "kvm2"
    forecast    = "warn"
  }
}
