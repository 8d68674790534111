# Auto-converge and compression stay off, and every move has a limit. All hosts of
# the provider keep the settings.
resource "virt_migration_global_settings" "all" {
  timeout         = "30m"
  stall_timeout   = "2m"
  max_downtime_ms = 500
}
