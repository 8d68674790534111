list "virt_cluster_migration_policy" "all" {
  provider = virt
}

list "virt_cluster_migration_policy" "of_kvm1" {
  provider         = virt
  include_resource = true

  config {
    hosts = ["kvm1"]
  }
}
