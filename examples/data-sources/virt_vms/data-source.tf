data "virt_vms" "databases" {
  name_regex = "^db[0-9]+$"

  lifecycle {
    postcondition {
      condition     = length(self.unseen_hosts) == 0
      error_message = "Not all hosts answer, so VMs may be missing."
    }
  }
}

# The same policy for every database, also for those of tomorrow.
resource "virt_vm_migration_policy" "database" {
  for_each = { for vm in data.virt_vms.databases.vms : vm.uuid => vm }

  vm            = each.key
  auto_converge = true
  timeout       = "1h"
}
