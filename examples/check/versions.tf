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
    kvm2 = { uri = "qemu+ssh://root@kvm2.example.com/system" }
  }
}
