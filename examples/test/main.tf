# A module that gives VMs a policy by what kind of VM they are.

terraform {
  required_providers {
    virt = {
      source  = "terraform-provider-virt/virt"
      version = "~> 0.1"
    }
  }
}

variable "vms" {
  description = "Kind of each VM: \"busy\" may be throttled and compressed, \"latency\" neither."
  type        = map(string)

  validation {
    condition     = alltrue([for kind in values(var.vms) : contains(["busy", "latency"], kind)])
    error_message = "A kind is \"busy\" or \"latency\"."
  }
}

resource "virt_vm_migration_policy" "this" {
  for_each = var.vms

  vm                    = each.key
  auto_converge         = each.value == "busy"
  compression           = each.value == "busy"
  compression_cache_mib = each.value == "busy" ? 256 : null
  max_downtime_ms       = each.value == "latency" ? 100 : null
}

output "uuids" {
  value = { for name, policy in virt_vm_migration_policy.this : name => policy.uuid }
}
