# Any of these hosts will do: the best one is chosen when the action is invoked.
action "virt_vm_live_migration" "web1" {
  config {
    vm           = "web1"
    destinations = ["kvm2", "kvm3"]
  }
}
