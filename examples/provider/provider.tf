terraform {
  required_providers {
    virt = {
      source  = "terraform-provider-virt/virt"
      version = "~> 0.1"
    }
  }
}

provider "virt" {
  hosts = {
    kvm1 = { uri = "qemu+ssh://root@kvm1.example.com/system" }

    # The other hosts reach this one over a separate network, which also carries the
    # memory of VMs that move to it.
    kvm2 = {
      uri           = "qemu+ssh://root@kvm2.example.com/system"
      peer_uri      = "qemu+tls://10.0.0.2/system"
      migration_uri = "tcp://10.0.0.2"

      # All moves that leave or enter this host share so much of its link.
      migration_bandwidth_mib_per_second = 900
    }
  }
}
