# Warnings in every plan and apply, which never fail it: what should hold for the fleet.

data "virt_effective_migration_policy" "all" {
  for_each = toset(["db1", "web1"])

  vm = each.key
}

check "every_move_ends" {
  assert {
    condition = alltrue([
      for vm in data.virt_effective_migration_policy.all : vm.policy.stall_timeout != "0s" || vm.policy.timeout != "0s"
    ])
    error_message = join(", ", [
      for name, vm in data.virt_effective_migration_policy.all : name
      if vm.policy.stall_timeout == "0s" && vm.policy.timeout == "0s"
    ])
  }
}

check "nothing_is_dormant" {
  assert {
    condition = alltrue([for vm in data.virt_effective_migration_policy.all : length(vm.inactive) == 0])
    error_message = join("; ", [
      for name, vm in data.virt_effective_migration_policy.all : "${name}: ${join(", ", vm.inactive)} without the feature"
      if length(vm.inactive) > 0
    ])
  }
}
