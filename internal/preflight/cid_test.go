package preflight_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// A context ID is the guest's where it is fixed, and a neighbour's also where its host has chosen it.
func TestCID(t *testing.T) {
	t.Parallel()
	for device, want := range map[string]struct{ guest, neighbour uint32 }{
		"": {0, 0},
		`<vsock model='virtio'><cid auto='no' address='3'/></vsock>`:  {3, 3},
		`<vsock model='virtio'><cid address='4294967294'/></vsock>`:   {4294967294, 4294967294},
		`<vsock model='virtio'><cid auto='yes' address='3'/></vsock>`: {0, 3},
		`<vsock model='virtio'><cid auto='yes'/></vsock>`:             {0, 0},
		`<vsock model='virtio'/>`:                                     {0, 0},
	} {
		definition := domain("kvm", "", device)
		g, err := preflight.Parse(definition)
		if err != nil {
			t.Fatal(err)
		}
		n, err := preflight.ParseNeighbour(definition)
		if err != nil {
			t.Fatal(err)
		}
		if g.CID != want.guest || n.CID != want.neighbour {
			t.Errorf("%s: %d, as a neighbour %d", device, g.CID, n.CID)
		}
	}
}
