# In place of the resource: Terraform forgets the VM, and leaves it as it is.
removed {
  from = libvirt_domain.web

  lifecycle {
    destroy = false
  }
}

resource "virt_vm_migration_policy" "web" {
  vm          = "web"
  compression = true
}

resource "virt_vm_live_migration" "web" {
  vm          = "web"
  destination = "kvm1"
  depends_on  = [virt_vm_migration_policy.web]
}
