# What every live-migration policy has to keep to: terraform plan -policies=. (Terraform 1.17 or later).
policy {
  required_providers {
    virt = {
      source  = "terraform-provider-virt/virt"
      version = "~> 0.1"
    }
  }
}

resource_policy "virt_vm_migration_policy" "moves_end" {
  operations        = ["create", "update"]
  enforcement_level = "mandatory"

  enforce {
    condition     = attrs.timeout != "0s"
    error_message = "A move without a limit can run for days: leave timeout out, or set one."
  }
}

resource_policy "virt_vm_migration_policy" "post_copy_is_agreed" {
  operations        = ["create", "update"]
  enforcement_level = "advisory"

  enforce {
    condition     = attrs.post_copy != true
    error_message = "A link that breaks in post-copy takes the VM down: ask its owner first."
  }
}

resource_policy "virt_migration_global_settings" "switches_are_off" {
  operations        = ["create", "update"]
  enforcement_level = "mandatory"

  enforce {
    condition     = attrs.auto_converge != true && attrs.compression != true
    error_message = "Both switches cost processor time: switch them on for clusters and VMs, not for all."
  }
}
