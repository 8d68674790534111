terraform {
  required_providers {
    virt = {
      source  = "terraform-provider-virt/virt"
      version = "~> 0.1"
    }
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "0.8.3"
    }
  }
}

provider "virt" {
  hosts = {
    kvm1 = { uri = "qemu+ssh://root@kvm1.example.com/system" }
    kvm2 = { uri = "qemu+ssh://root@kvm2.example.com/system" }
  }
}

# One configuration of the other provider for each host.
provider "libvirt" {
  alias = "kvm1"
  uri   = "qemu+ssh://root@kvm1.example.com/system"
}

provider "libvirt" {
  alias = "kvm2"
  uri   = "qemu+ssh://root@kvm2.example.com/system"
}

resource "libvirt_domain" "web" {
  # The host that the VM is on: change it as soon as a move has ended.
  provider = libvirt.kvm1

  name      = "web"
  memory    = 2048
  autostart = false

  disk {
    volume_id = "/var/lib/libvirt/images/web.img"
  }

  graphics {
    type        = "vnc"
    listen_type = "address"
  }
}

resource "virt_vm_migration_policy" "web" {
  vm          = libvirt_domain.web.id
  compression = true
}

resource "virt_vm_live_migration" "web" {
  vm          = libvirt_domain.web.id
  destination = "kvm1"
  depends_on  = [virt_vm_migration_policy.web]
}
