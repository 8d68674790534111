package fleet

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// A clone has the history of the VM that it was made of, and writes over nothing of it.
func TestLeftovers_ofAClone(t *testing.T) {
	t.Parallel()
	const original, clone, there = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000", "H"
	volume := func(vm, path string) history.Volume {
		return history.Volume{VM: vm, Host: history.Host{UUID: there}, Target: "vda", Path: path, Modified: "1.5"}
	}
	past := history.History{Entries: []history.Entry{
		{VolumesLeft: []history.Volume{volume(clone, "/a")}},
		{VolumesLeft: []history.Volume{volume(original, "/b")}},
	}}
	for vm, path := range map[string]string{original: "/b", clone: "/a"} {
		got := leftovers(past, vm, there)
		if len(got) != 1 || got[0].Path != path {
			t.Errorf("the leftovers of %s are %+v, want %s", vm, got, path)
		}
	}
}

// A volume is in the history before it is ordered, and stays there where the order was not answered.
func TestDiskCopy_unanswered(t *testing.T) {
	t.Parallel()
	disk := func(target, path string, fate storage.Fate) storage.Decision {
		return storage.Decision{
			Facts: storage.Facts{Target: target, Path: path, Image: storage.Volume{Name: target, Format: "raw", Capacity: 8, Modified: "1.5"}},
			Fate:  fate,
		}
	}
	vda, vdb := disk("vda", "/local/a", storage.Created), disk("vdb", "/local/b", storage.Created)
	for name, c := range map[string]struct {
		unanswered preflight.Disks
		want       []string
	}{
		"answered":     {nil, nil},
		"not answered": {preflight.Disks{vda}, []string{"/local/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, destination := new(host.Host), new(host.Host)
			e := &moveEntry{source: source, destination: destination, begun: true, vm: "V"}
			e.To = history.Host{UUID: "H", Label: "kvm2"}
			copied := &diskCopy{
				source: source, destination: destination, vm: "V", unanswered: c.unanswered,
				disks: preflight.Disks{vda, vdb, disk("vdc", "/local/c", storage.Reused)},
			}
			e.VolumesWritten = copied.planned(e)
			if len(e.VolumesWritten) != 2 || e.VolumesWritten[0].Path != "/local/a" || e.VolumesWritten[0].Modified != "" {
				t.Errorf("before the order the entry has %+v", e.VolumesWritten)
			}
			_ = copied.end(t.Context(), e, &CreateVolumeError{Err: host.ErrOutcomeUnknown})
			got := each(e.VolumesWritten, func(v history.Volume) string { return v.Path })
			if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
				t.Errorf("after it, it has %q, want %q", got, c.want)
			}
			if len(e.VolumesLeft) > 0 {
				t.Errorf("a leftover that nothing was written to is noted anew: %+v", e.VolumesLeft)
			}
		})
	}
}
