data "virt_hosts" "all" {
}

check "hosts" {
  assert {
    condition     = alltrue([for host in data.virt_hosts.all.hosts : host.reachable])
    error_message = join("\n", [for host in data.virt_hosts.all.hosts : host.error if !host.reachable])
  }

  assert {
    condition     = alltrue([for host in data.virt_hosts.all.hosts : contains(host.features, "parallel_connections") if host.reachable])
    error_message = "A host's libvirt or QEMU is too old for parallel_connections."
  }
}

# For example { kvm1 = { running = 12, free_gib = 40 }, ... }
output "load" {
  value = {
    for host in data.virt_hosts.all.hosts : host.name => {
      running  = host.running
      free_gib = floor(host.memory_available_bytes / pow(1024, 3))
    } if host.reachable
  }
}

# Who has a place for a migration, or waits for one, and which hosts take no VMs
output "busy" {
  value = {
    for host in data.virt_hosts.all.hosts : host.name => {
      cordoned = host.cordoned
      leases   = [for lease in coalesce(host.leases, []) : "${lease.vm_name} ${lease.direction}${lease.waiting ? ", waiting" : ""}: ${lease.run}"]
    } if host.reachable
  }
}
