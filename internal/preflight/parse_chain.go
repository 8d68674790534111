package preflight

import (
	"cmp"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// chainOf is the chain that a definition tells of. libvirt ends one with an empty <backingStore/>: where that is
// missing, it has not looked.
func chainOf(b *libvirtxml.DomainDiskBackingStore) storage.Chain {
	var c storage.Chain
	for ; b != nil; b = b.BackingStore {
		source := cmp.Or(b.Source, &libvirtxml.DomainDiskSource{})
		if *source == (libvirtxml.DomainDiskSource{}) && b.Format == nil && b.BackingStore == nil {
			c.Ended = true
			break
		}
		layer := storage.Layer{Path: pathOf(source)}
		if b.Format != nil {
			layer.Format = b.Format.Type
		}
		if source.Slices != nil || source.DataStore != nil || source.Encryption != nil {
			layer.Format = "" // its path and format are not all of it
		}
		c.Layers = append(c.Layers, layer)
	}
	return c
}
