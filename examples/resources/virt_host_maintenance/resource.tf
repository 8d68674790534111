# kvm1 takes no VMs, and its VMs move to the hosts that have most room for them.
# Destroying the resource opens kvm1 and brings them back.
resource "virt_host_maintenance" "kvm1" {
  host   = "kvm1"
  reason = "a new fan"
}

# Only these hosts take the VMs of kvm2. One that cannot move keeps no other from
# moving, and the VMs stay where they went.
resource "virt_host_maintenance" "kvm2" {
  host         = "kvm2"
  destinations = ["kvm3", "kvm4"]
  on_failure   = "continue"
  restore      = false
}

# What becomes of a VM is a matter of its policy.
resource "virt_vm_migration_policy" "build" {
  vm         = "build"
  evacuation = "shut_down"
}
