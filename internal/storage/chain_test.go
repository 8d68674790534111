package storage

import "testing"

// base is an image that others are overlays of.
func base() *Volume {
	return &Volume{Path: "/local/base.qcow2", Format: "qcow2", Capacity: 8 << 20, Length: 5}
}

// An incremental copy is as good as what it is an overlay of: whatever is not known of that, or is otherwise on the
// destination, is told.
func TestChain(t *testing.T) {
	t.Parallel()
	const lowest = "/local/lowest.raw"
	for name, test := range map[string]struct {
		change  func(top, low *Layer)
		known   bool
		missing string
	}{
		"the same":                 {func(_, _ *Layer) {}, true, ""},
		"the same, as written":     {func(top, _ *Layer) { top.There.Backing = "/local/./lowest.raw" }, true, ""},
		"over the network":         {func(_, low *Layer) { low.Path = "" }, false, ""},
		"by a relative path":       {func(_, low *Layer) { low.Path = "lowest.raw" }, false, ""},
		"of no format":             {func(top, _ *Layer) { top.Format = "" }, false, ""},
		"of a format to be probed": {func(_, low *Layer) { low.Format = "auto" }, false, ""},
		"not on the source":        {func(top, _ *Layer) { top.Here = nil }, true, "/local/base.qcow2"},
		"not on the destination":   {func(_, low *Layer) { low.There = nil }, true, lowest},
		"longer there":             {func(top, _ *Layer) { top.There.Length++ }, true, "/local/base.qcow2"},
		"larger there":             {func(_, low *Layer) { low.There.Capacity++ }, true, lowest},
		"another format there":     {func(top, _ *Layer) { top.There.Format = "raw" }, true, "/local/base.qcow2"},
		"listed as of another format by both": {func(_, low *Layer) {
			low.Here.Format, low.There.Format = "qcow2", "qcow2"
		}, true, lowest},
		"an overlay of another":             {func(top, _ *Layer) { top.There.Backing = "/local/other.raw" }, true, "/local/base.qcow2"},
		"an overlay of nothing there":       {func(top, _ *Layer) { top.There.Backing, top.There.BackingFormat = "", "" }, true, "/local/base.qcow2"},
		"an overlay in another format":      {func(top, _ *Layer) { top.There.BackingFormat = "qcow2" }, true, "/local/base.qcow2"},
		"the lowest is an overlay there":    {func(_, low *Layer) { low.There.Backing = "/local/more.raw" }, true, lowest},
		"raw, in pools that tell no format": {func(_, low *Layer) { low.Here.Format, low.There.Format = "", "" }, true, ""},
		"an overlay in pools that tell no format": {func(top, _ *Layer) {
			top.Here.Format, top.There.Format = "", ""
		}, true, "/local/base.qcow2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := Layer{"/local/base.qcow2", "qcow2", base(), base()}
			low := Layer{lowest, "raw", &Volume{Format: "raw", Capacity: 7}, &Volume{Format: "raw", Capacity: 7}}
			top.There.Backing, top.There.BackingFormat = lowest, "raw"
			test.change(&top, &low)
			c := Chain{Layers: []Layer{top, low}, Ended: true}
			if known := c.Known(); known != test.known {
				t.Errorf("known is %v", known)
			}
			missing := ""
			if l := c.Missing(); l != nil {
				missing = l.Path
			}
			if c.Known() && missing != test.missing {
				t.Errorf("missing is %q", missing)
			}
			if c.Ended = false; c.Known() {
				t.Error("a chain that does not end is known")
			}
		})
	}
	if none := (Chain{Ended: true}); !none.Known() || none.Missing() != nil {
		t.Error("an image that is no overlay needs something")
	}
}
