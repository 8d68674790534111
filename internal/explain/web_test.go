package explain

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"

// web is the VM of the tests, on its way from kvm1 to kvm2.
var web = migration.Subject{UUID: remedyUUID, Name: "web", Source: "kvm1", Destination: "kvm2"}
