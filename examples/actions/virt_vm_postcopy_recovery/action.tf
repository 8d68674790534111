# Once both hosts reach each other again: terraform apply -invoke=action.virt_vm_postcopy_recovery.db1
action "virt_vm_postcopy_recovery" "db1" {
  config {
    vm = "db1"
  }
}
