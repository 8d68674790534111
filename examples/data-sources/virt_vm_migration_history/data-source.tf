data "virt_vm_migration_history" "db1" {
  vm = "db1"
}

# The moves that did not bring the VM to its destination, newest first.
output "db1_failures" {
  value = [
    for m in data.virt_vm_migration_history.db1.migrations :
    "${m.started_at}: ${m.source} to ${m.destination}: ${m.outcome}"
    if !contains(["completed", "started"], m.outcome)
  ]
}
