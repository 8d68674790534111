# A check block warns in every plan and apply while db1 could not be moved to kvm2.
check "db1_can_move" {
  data "virt_migration_preflight" "db1" {
    vm          = "db1"
    destination = "kvm2"
  }

  assert {
    condition = data.virt_migration_preflight.db1.ready
    error_message = join("\n", [
      for f in data.virt_migration_preflight.db1.findings :
      join(" ", compact([f.detail, f.remedy])) if f.severity == "error"
    ])
  }
}
