package storage

import (
	"path"
	"slices"
)

// Chain is what an image is an overlay of, as the source's QEMU has it open.
type Chain struct {
	// Layers are the images below it, from the top.
	Layers []Layer
	// Ended is false where there may be more of them: libvirt does not tell.
	Ended bool
}

// Layer is an image of a chain, and what both hosts have in its place.
type Layer struct {
	// Path is a file, a block device or a directory; it is empty for what is over the network, and for a part of a file.
	Path string
	// Format is libvirt's, such as "raw" or "qcow2"; empty where it does not tell.
	Format string
	// Here and There are the volumes of the source and of the destination; nil where no pool lists one.
	Here, There *Volume
}

// Paths are those of its layers that have one.
func (c Chain) Paths() []string {
	var paths []string
	for _, l := range c.Layers {
		if l.Path != "" {
			paths = append(paths, l.Path)
		}
	}
	return paths
}

// Known tells whether another overlay of the same images can be made: all are files or block devices of a known format.
// libvirt makes one whose backing file has no format for a raw one, and a guest would find the header of that file in
// its disk.
func (c Chain) Known() bool {
	return c.Ended && !slices.ContainsFunc(c.Layers, func(l Layer) bool {
		return !path.IsAbs(l.Path) || l.Format == "" || l.Format == "auto"
	})
}

// Missing is the first layer that the destination does not have, or has otherwise; nil where nothing speaks against
// any: all have the same format, capacity, length and layers below. Whoever asks for an incremental copy says that they
// have the same content.
func (c Chain) Missing() *Layer {
	for i, l := range c.Layers {
		var below Layer
		if i+1 < len(c.Layers) {
			below = c.Layers[i+1]
		}
		if !l.same(below) {
			return &l
		}
	}
	return nil
}

func (l Layer) same(below Layer) bool {
	here, there := l.Here, l.There
	if here == nil || there == nil {
		return false
	}
	// A pool of logical volumes tells no format, nor what is below: only of a raw one that is known.
	format := there.Format == l.Format || there.Format == "" && l.Format == "raw"
	lower := there.Backing == below.Path || there.Backing != "" && path.Clean(there.Backing) == path.Clean(below.Path)
	return format && here.Format == there.Format && here.Capacity == there.Capacity && here.Length == there.Length &&
		lower && there.BackingFormat == below.Format
}
