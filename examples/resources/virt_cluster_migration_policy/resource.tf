# VMs on these hosts may be throttled so that their migration converges. A field
# that is left out inherits from the global settings.
resource "virt_cluster_migration_policy" "databases" {
  name  = "databases"
  hosts = ["kvm1", "kvm2"]

  auto_converge           = true
  auto_converge_initial   = 30
  auto_converge_increment = 20

  bandwidth_mib_per_second = 1000 # leaves some of the link to the VMs
}
