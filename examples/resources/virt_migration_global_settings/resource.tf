# Auto-converge and compression stay off, and every move is bounded. All hosts
# of the provider carry the settings.
resource "virt_migration_global_settings" "all" {
  timeout         = "30m"
  stall_timeout   = "2m"
  max_downtime_ms = 500
}
