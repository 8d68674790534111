# Before maintenance of kvm1: terraform apply -invoke=action.virt_vm_live_migration.empty_kvm1
# The provider moves as many VMs at a time as its limits allow.
action "virt_vm_live_migration" "empty_kvm1" {
  for_each = toset(["db1", "db2", "web1"])

  config {
    vm          = each.key
    destination = "kvm2"

    auto_converge = true # for these moves, over all levels
  }
}
