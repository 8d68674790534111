list "virt_migration_global_settings" "all" {
  provider = virt
}

list "virt_cluster_migration_policy" "all" {
  provider = virt
}

list "virt_vm_migration_policy" "all" {
  provider = virt
  limit    = 1000
}
