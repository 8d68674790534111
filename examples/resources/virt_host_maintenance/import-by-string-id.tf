import {
  to = virt_host_maintenance.kvm1
  id = "kvm1"
}
