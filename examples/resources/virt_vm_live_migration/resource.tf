resource "virt_vm_migration_policy" "db1" {
  vm            = "db1"
  auto_converge = true
}

# The VM should be on kvm2. If it is on another host, the next apply moves it.
resource "virt_vm_live_migration" "db1" {
  vm          = "db1"
  destination = "kvm2"

  # A policy field here counts for the moves by this resource, over all levels.
  timeout = "10m"

  # A policy that changes in the same apply counts for the move.
  depends_on = [virt_vm_migration_policy.db1]
}

output "db1_last_migration" {
  value = virt_vm_live_migration.db1.last_migration
}

# Any host of the cluster will do for web1. On another one, it moves to the best of them.
resource "virt_vm_live_migration" "web1" {
  vm      = "web1"
  cluster = virt_cluster_migration_policy.compute.name
}

resource "virt_cluster_migration_policy" "compute" {
  name  = "compute"
  hosts = ["kvm1", "kvm2", "kvm3"]
}
