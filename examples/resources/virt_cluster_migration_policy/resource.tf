# VMs on these hosts may be slowed down so that their migration ends. What is
# left out comes from the global settings.
resource "virt_cluster_migration_policy" "databases" {
  name  = "databases"
  hosts = ["kvm1", "kvm2"]

  auto_converge           = true
  auto_converge_initial   = 30
  auto_converge_increment = 20

  bandwidth_mib_per_second = 1000 # leave some of the link to the VMs
}
