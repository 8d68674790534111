# What `virsh metadata db1 urn:virt:migration-policy:1` shows between the tags
output "db1_timeout" {
  value = provider::virt::decode_policy_record(jsonencode({ version = 1, auto_converge = true, timeout = "1h" })).timeout
}
