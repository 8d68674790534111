action "virt_vm_live_migration" "db1" {
  config {
    vm          = "db1"
    destination = "kvm2"
  }
}
