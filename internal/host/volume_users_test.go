package host

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// A volume may be named by its path, however it is written, or by any pool of its directory.
func TestNames(t *testing.T) {
	t.Parallel()
	volume := storage.Volume{Pool: "local", Name: "web.qcow2", Path: "/srv/web.qcow2"}
	directories := map[string]string{"local": "/srv", "again": "/srv/", "other": "/other"}
	untidy := volume
	untidy.Path = "/srv//web.qcow2"
	if got, err := names(`<domain><source file="/srv/web.qcow2"/></domain>`, untidy, directories); err != nil || !got {
		t.Errorf("of a volume whose path is not clean: got %v, %v", got, err)
	}
	for name, test := range map[string]struct {
		source string
		want   bool
	}{
		"its path":              {`<source file="/srv/web.qcow2"/>`, true},
		"its path, not clean":   {`<source file="/srv//web.qcow2"/>`, true},
		"a backing file":        {`<source file="/x"/><backingStore><source file="/srv/web.qcow2"/></backingStore>`, true},
		"a text":                {`<nvram>/srv/web.qcow2</nvram>`, true},
		"its pool":              {`<source pool="local" volume="web.qcow2"/>`, true},
		"another pool of it":    {`<source pool="again" volume="web.qcow2"/>`, true},
		"a pool elsewhere":      {`<source pool="other" volume="web.qcow2"/>`, false},
		"a pool that is gone":   {`<source pool="gone" volume="web.qcow2"/>`, false},
		"another volume":        {`<source pool="local" volume="web2.qcow2"/>`, false},
		"a longer path":         {`<source file="/srv/web.qcow2.old"/>`, false},
		"a source without disk": {`<source/>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := names("<domain><disk>"+test.source+"</disk></domain>", volume, directories)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

// A pool of a directory that is a link to another one's lists the same files by other paths.
func TestAliases(t *testing.T) {
	t.Parallel()
	file := storage.Volume{
		Pool: "local", Name: "web.qcow2", Path: "/srv/web.qcow2", Capacity: 8, Length: 7, Modified: "1.5", Changed: "1.6",
	}
	with := func(change func(*storage.Volume)) storage.Volume {
		v := file
		v.Pool, v.Path = "linked", "/link/web.qcow2"
		change(&v)
		return v
	}
	again := with(func(v *storage.Volume) { v.Pool, v.Path = "again", "/srv//web.qcow2" })
	linked := with(func(*storage.Volume) {})
	copied := with(func(v *storage.Volume) { v.Path, v.Changed = "/copy/web.qcow2", "2.6" })
	timeless := with(func(v *storage.Volume) { v.Path, v.Changed = "/dev/web", "" })
	overlay := storage.Volume{Path: "/srv/top.qcow2", Backing: "/link/web.qcow2"}
	other := storage.Volume{Path: "/srv/other.qcow2", Backing: "/copy/web.qcow2"}
	listed := []storage.Volume{again, file, linked, copied, timeless, overlay, other}

	asMade := storage.Volume{Pool: "local", Name: "web.qcow2", Path: "/srv/web.qcow2"} // what a move knows of one it made
	known := aliases(asMade, listed)
	if diff := gocmp.Diff([]storage.Volume{asMade, linked}, known); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff([]storage.User{{Overlay: overlay.Path}}, overlays(known, listed)); diff != "" {
		t.Errorf("overlays (-want +got):\n%s", diff)
	}
	if known := aliases(timeless, listed); len(known) != 1 {
		t.Errorf("what has no time has the aliases %+v", known[1:])
	}
}
