package preflight

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

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
