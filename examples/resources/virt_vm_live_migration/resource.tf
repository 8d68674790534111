# The VM belongs on kvm2. Wherever it is, the next apply moves it there.
resource "virt_vm_live_migration" "db1" {
  vm          = "db1"
  destination = "kvm2"

  # For the moves by this resource, on top of the policy of all levels.
  timeout = "10m"

  # Policy that changes in the same apply is to hold for the move already.
  depends_on = [virt_vm_migration_policy.db1]
}

output "db1_last_migration" {
  value = virt_vm_live_migration.db1.last_migration
}
