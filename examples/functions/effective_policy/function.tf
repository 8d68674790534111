locals {
  global  = { auto_converge = true, max_downtime_ms = 400 }
  cluster = { compression = true, max_downtime_ms = 500 }
  db1     = { compression_cache_mib = 256 }
}

# max_downtime_ms is 500, auto_converge and compression are true
output "db1_effective_policy" {
  value = provider::virt::effective_policy(local.global, local.cluster, local.db1)
}
