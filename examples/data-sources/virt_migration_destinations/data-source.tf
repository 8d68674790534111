# A check block warns in every plan and apply while no other host of the cluster could take db1.
data "virt_migration_destinations" "db1" {
  vm      = "db1"
  cluster = "compute"
}

check "db1_can_move" {
  assert {
    condition = length(data.virt_migration_destinations.db1.candidates) > 0
    error_message = join("\n", [
      for host, reason in data.virt_migration_destinations.db1.rejected : "${host}: ${reason}"
    ])
  }
}

# The best host now. A move with destinations or cluster chooses by itself, by what holds then.
output "best_host" {
  value = try(data.virt_migration_destinations.db1.candidates[0].host, null)
}
