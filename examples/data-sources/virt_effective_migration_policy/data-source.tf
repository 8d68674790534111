resource "virt_vm_migration_policy" "db1" {
  vm            = "db1"
  auto_converge = true
}

data "virt_effective_migration_policy" "db1" {
  vm = "db1"

  depends_on = [virt_vm_migration_policy.db1] # read it after the change
}

# For example { auto_converge = "true (vm)", compression = "false (global)", ... }
output "db1_policy" {
  value = {
    for field, level in data.virt_effective_migration_policy.db1.origins :
    field => "${trim(jsonencode(data.virt_effective_migration_policy.db1.policy[field]), "\"")} (${level})"
  }
}
