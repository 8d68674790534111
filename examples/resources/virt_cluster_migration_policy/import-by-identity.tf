import {
  to = virt_cluster_migration_policy.databases
  identity = {
    name = "databases"
  }
}
