variable "hosts" {
  type = map(object({ uri = string }))
}

variable "vms" {
  type = number
}

variable "max_downtime_ms" {
  type = number
}

resource "terraform_data" "vm" {
  count = var.vms
  input = { vm = format("vm-%05d", count.index + 1), auto_converge = true, max_downtime_ms = var.max_downtime_ms }
}
