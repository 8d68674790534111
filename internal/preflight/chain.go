package preflight

import (
	"cmp"
	"context"
	"errors"
	"slices"

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

// chain notes what both hosts have of each layer below the disk's image. What an old list names is not known.
func (v *storageView) chain(ctx context.Context, f *storage.Facts) {
	f.Chain.Layers = slices.Clone(f.Chain.Layers) // the definition's
	listed := func(h Host, path string) *storage.Volume {
		volume, err := h.VolumeByPath(ctx, path)
		if volume != nil {
			if old := v.decided.oldLists[[2]string{h.Name(), volume.Pool}]; old != nil {
				volume, err = nil, old
			}
		}
		if err != nil && !errors.Is(f.Err, err) {
			f.Err = errors.Join(f.Err, err)
		}
		return volume
	}
	for i := range f.Chain.Layers {
		if layer := &f.Chain.Layers[i]; layer.Path != "" {
			layer.Here, layer.There = listed(v.Source, layer.Path), listed(v.Destination, layer.Path)
		}
	}
}
