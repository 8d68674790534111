package migration

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Hosts between which a migration went direct may not reach each other's libvirt.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const peer, memory = "qemu+tcp://kvm2/system", "tcp://10.0.0.2"
	encrypted := policy.Resolve(policy.Levels{Run: policy.Policy{Encryption: new(true)}})
	for name, test := range map[string]struct {
		request    Request
		mode       Mode
		persistent bool
		want       Recovery
	}{
		"persistent": {Request{PeerURI: peer}, PeerToPeer, true, Recovery{Persistent: true, PeerURI: peer}},
		"transient":  {Request{PeerURI: peer}, PeerToPeer, false, Recovery{PeerURI: peer}},
		"encrypted, to an address of its own": {
			Request{PeerURI: peer, MigrationURI: memory, ListenAddress: "10.0.0.2", TLSDestination: "kvm2", Policy: encrypted},
			PeerToPeer, false,
			Recovery{Encrypted: true, PeerURI: peer, MigrationURI: memory, ListenAddress: "10.0.0.2", TLSDestination: "kvm2"},
		},
		"direct":           {Request{PeerURI: peer}, Direct, true, Recovery{Direct: true, Persistent: true, PeerURI: peer}},
		"asked for direct": {Request{Mode: Direct, PeerURI: peer}, "", false, Recovery{Direct: true, PeerURI: peer}},
		"found later, and hosts do not reach each other's libvirt": {Request{Mode: Auto}, Auto, false, Recovery{Direct: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.request.recovery(test.mode, test.persistent); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
