package fleet

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

func TestFleetHeedsFixedPorts(t *testing.T) {
	t.Parallel()
	f, err := New(Config{MaxOutgoing: 2, MaxIncoming: 2, Hosts: []host.Config{
		{Name: "any", URI: "qemu+tcp://a/system", MigrationURI: "tcp://a"},
		{Name: "fixed", URI: "qemu+tcp://b/system", MigrationURI: "tcp://[fd00::2]:49152"},
		{Name: "none", URI: "qemu+tcp://c/system"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]int{"any": 2, "fixed": 1, "none": 2} {
		if got := f.places.Into(name); got != want {
			t.Errorf("%s receives %d at a time, want %d", name, got, want)
		}
	}
}
