data "virt_vms" "without_policy" {
  states      = ["running"]
  with_policy = false
}

output "vms_without_policy" {
  value = [for vm in data.virt_vms.without_policy.vms : "${vm.name} on ${vm.host}"]
}
