list "virt_vm_live_migration" "databases" {
  provider = virt

  config {
    name_regex = "^db[0-9]+$"
    states     = ["running"]
  }
}
