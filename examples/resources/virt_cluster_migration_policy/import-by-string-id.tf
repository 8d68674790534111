import {
  to = virt_cluster_migration_policy.databases
  id = "databases"
}
