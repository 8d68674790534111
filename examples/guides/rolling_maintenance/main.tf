variable "maintained" {
  description = "Host in maintenance; empty for none. roll.sh sets it."
  type        = string
  default     = ""
}

variable "work" {
  description = "Command that does the work on an emptied host, and ends once the host is healthy again. Its argument is the host."
  type        = string
  default     = "./reboot.sh"
}

# Cordons the host and empties it; destroyed, opens it and brings its VMs back.
resource "virt_host_maintenance" "host" {
  for_each = toset(compact([var.maintained]))

  host   = each.key
  reason = "rolling maintenance"
}

# Runs once the host is empty. If it fails, roll.sh stops: the host stays cordoned.
resource "terraform_data" "work" {
  for_each = virt_host_maintenance.host

  triggers_replace = each.value.id

  provisioner "local-exec" {
    command = "${var.work} ${each.key}"
  }
}
