variable "hosts" {
  type = map(object({ uri = string }))
}

variable "vms" {
  type = set(string)
}

variable "max_downtime_ms" {
  type = number
}

resource "terraform_data" "vm" {
  for_each = var.vms
  input    = { vm = each.key, auto_converge = true, max_downtime_ms = var.max_downtime_ms }
}
