# terraform apply -invoke=action.virt_host_evacuation.kvm1
action "virt_host_evacuation" "kvm1" {
  config {
    host    = "kvm1"
    cluster = "databases"
  }
}
