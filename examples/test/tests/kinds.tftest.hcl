# terraform test: no host is needed, because the provider is a mock.
mock_provider "virt" {
  mock_resource "virt_vm_migration_policy" {
    defaults = {
      uuid = "2b1f3c1a-8a4e-4c55-9f0b-7d6a5c9e1f20"
    }
  }
}

run "busy_vm_gets_both_switches" {
  variables {
    vms = { db1 = "busy", phone = "latency" }
  }

  assert {
    condition     = virt_vm_migration_policy.this["db1"].auto_converge && virt_vm_migration_policy.this["db1"].compression
    error_message = "A busy VM has a switch off."
  }

  assert {
    condition     = !virt_vm_migration_policy.this["phone"].auto_converge && virt_vm_migration_policy.this["phone"].max_downtime_ms == 100
    error_message = "A VM that must not be throttled may be."
  }

  assert {
    condition     = output.uuids["db1"] == "2b1f3c1a-8a4e-4c55-9f0b-7d6a5c9e1f20"
    error_message = "The output has another UUID than the VM."
  }
}

run "other_kinds_are_refused" {
  command = plan

  variables {
    vms = { db1 = "lazy" }
  }

  expect_failures = [var.vms]
}
