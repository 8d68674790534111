import {
  to = virt_migration_global_settings.all
  id = "global"
}
