# tfpolicy test
policytest {
  targets = ["migration.policy.hcl"]
}

resource "virt_vm_migration_policy" "with_a_limit" {
  attrs = {
    vm        = "db1"
    timeout   = "30m"
    post_copy = false
  }
}

resource "virt_vm_migration_policy" "without_a_limit" {
  expect_failure = true

  attrs = {
    vm        = "db1"
    timeout   = "0s"
    post_copy = false
  }
}

resource "virt_vm_migration_policy" "with_post_copy" {
  expect_failure = true

  attrs = {
    vm        = "db1"
    timeout   = "30m"
    post_copy = true
  }
}

resource "virt_migration_global_settings" "switches_off" {
  attrs = {
    auto_converge = false
    compression   = false
  }
}

resource "virt_migration_global_settings" "compression_for_all" {
  expect_failure = true

  attrs = {
    auto_converge = false
    compression   = true
  }
}
