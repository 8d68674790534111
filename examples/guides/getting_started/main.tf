terraform {
  required_providers {
    virt = {
      source  = "terraform-provider-virt/virt"
      version = "~> 0.1"
    }
  }
}

provider "virt" {
  hosts = {
    kvm1 = { uri = "qemu+ssh://root@kvm1.example.com/system" }
    kvm2 = { uri = "qemu+ssh://root@kvm2.example.com/system" }
  }
}

resource "virt_migration_global_settings" "all" {
  stall_timeout = "1m"
}

resource "virt_cluster_migration_policy" "databases" {
  name          = "databases"
  hosts         = ["kvm1", "kvm2"]
  auto_converge = true
}

resource "virt_vm_migration_policy" "db1" {
  vm                    = "db1"
  compression           = true
  compression_cache_mib = 64
}

data "virt_effective_migration_policy" "db1" {
  vm = "db1"

  # Read it after all three levels are written.
  depends_on = [
    virt_migration_global_settings.all,
    virt_cluster_migration_policy.databases,
    virt_vm_migration_policy.db1,
  ]
}

output "db1_policy" {
  value = {
    for field, level in data.virt_effective_migration_policy.db1.origins :
    field => "${trim(jsonencode(data.virt_effective_migration_policy.db1.policy[field]), "\"")} (${level})"
  }
}
