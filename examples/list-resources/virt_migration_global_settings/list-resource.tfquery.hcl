list "virt_migration_global_settings" "all" {
  provider = virt
}
