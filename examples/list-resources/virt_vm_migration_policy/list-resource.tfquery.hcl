list "virt_vm_migration_policy" "all" {
  provider = virt
  limit    = 1000
}

list "virt_vm_migration_policy" "running_databases" {
  provider         = virt
  include_resource = true

  config {
    hosts      = ["kvm1", "kvm2"]
    name_regex = "^db[0-9]+$"
    states     = ["running"]
  }
}
