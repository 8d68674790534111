package storage

import (
	"slices"
	"testing"
)

// What is below the mount point of a pool that is not active is something else.
func TestPool_Same(t *testing.T) {
	t.Parallel()
	nfs := Pool{Name: "images", Type: "netfs", Active: true, Source: "nas:/images"}
	for name, test := range map[string]struct {
		change func(*Pool)
		want   bool
	}{
		"one mount":             {func(*Pool) {}, true},
		"under another name":    {func(p *Pool) { p.Name = "nas" }, true},
		"not active":            {func(p *Pool) { p.Active = false }, false},
		"another type":          {func(p *Pool) { p.Type = "gluster" }, false},
		"from another source":   {func(p *Pool) { p.Source = "nas2:/images" }, false},
		"from an unknown one":   {func(p *Pool) { p.Source = "" }, false},
		"a directory of a host": {func(p *Pool) { p.Type = "dir" }, false},
	} {
		other := nfs
		test.change(&other)
		if nfs.Same(other) != test.want || other.Same(nfs) != test.want {
			t.Errorf("%s: same is %t and %t, want %t", name, nfs.Same(other), other.Same(nfs), test.want)
		}
	}
	for _, p := range []Pool{{Type: "dir", Active: true, Source: "x"}, {Type: "netfs", Active: true}} {
		if p.Same(p) {
			t.Errorf("%+v is certainly one storage", p)
		}
	}
}

// A domain that runs on the destination uses a volume, even if it is called like the VM.
func TestOthers(t *testing.T) {
	t.Parallel()
	own, running := User{Domain: "web", UUID: "1"}, User{Domain: "web", UUID: "1", Active: true}
	other, overlay := User{Domain: "db", UUID: "2"}, User{Overlay: "/local/web.snap"}
	got := Others([]User{own, running, other, overlay}, "1")
	if want := []User{running, other, overlay}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
