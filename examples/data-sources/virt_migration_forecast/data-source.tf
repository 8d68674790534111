# Will db1 get to kvm2, and what will its users feel? The plan measures the VM for 15 s.
data "virt_migration_forecast" "db1" {
  vm          = "db1"
  destination = "kvm2"
}

check "db1_can_be_moved" {
  assert {
    condition     = contains(["ends", "ends_throttled"], data.virt_migration_forecast.db1.verdict)
    error_message = "A move of db1 to kvm2: ${data.virt_migration_forecast.db1.verdict}. ${data.virt_migration_forecast.db1.basis}"
  }
}

output "what_would_help_db1" {
  value = {
    for s in data.virt_migration_forecast.db1.suggestions : "${s.field} = ${s.value}" => "${s.verdict} in ${s.duration_ms} ms"
  }
}
