terraform {
  required_providers {
    virt = {
      source = "terraform-provider-virt/virt"
    }
  }
}

provider "virt" {
  hosts = {
    kvm1 = { uri = "qemu+tcp://kvm1.example.com/system" }

    # A network of its own for the memory of the VMs that move to this host.
    kvm2 = {
      uri           = "qemu+tcp://kvm2.example.com/system"
      migration_uri = "tcp://10.0.0.2"
    }
  }
}
