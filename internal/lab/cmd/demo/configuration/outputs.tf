data "virt_effective_migration_policy" "web" {
  vm = "web"

  depends_on = [
    virt_migration_global_settings.all,
    virt_cluster_migration_policy.rack1,
    virt_vm_migration_policy.web,
  ]
}

output "effective" {
  value = data.virt_effective_migration_policy.web
}
