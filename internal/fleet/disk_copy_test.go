package fleet

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
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
