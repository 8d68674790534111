import {
  to = virt_vm_migration_policy.db1
  id = "2b1f3c1a-8a4e-4c55-9f0b-7d6a5c9e1f20" # or the VM's name
}
