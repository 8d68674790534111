# By UUID or by name. vm gets the spelling that is given here; if the configuration
# has the other one, the next apply changes it in place.
terraform import virt_vm_live_migration.db1 2b1f3c1a-8a4e-4c55-9f0b-7d6a5c9e1f20
