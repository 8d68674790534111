import {
  to = virt_host_maintenance.kvm1
  identity = {
    host = "kvm1"
  }
}
