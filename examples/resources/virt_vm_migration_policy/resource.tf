# A VM that keeps rewriting about 1 GiB of its memory: resend only changed bytes.
# The other fields inherit from the cluster of its host.
resource "virt_vm_migration_policy" "db1" {
  vm = "db1"

  compression           = true
  compression_cache_mib = 1024
}

# A VM that must not be throttled, whatever its cluster says, and that may be
# switched to post-copy if its move does not converge.
resource "virt_vm_migration_policy" "trading" {
  vm = "9f0c1f4e-5d3a-4a52-8f7e-2a4f5f1b7c11" # a UUID works as well as a name

  auto_converge = false
  post_copy     = true
  on_timeout    = "post_copy"
}
