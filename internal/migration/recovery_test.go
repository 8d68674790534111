package migration

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// A second definition that could be started would be left on the source without
// --persistent and --undefinesource.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	tests := map[string]struct {
		request    Request
		mode       Mode
		persistent bool
		want       string
	}{
		"persistent": {
			request: Request{PeerURI: "qemu+tcp://kvm2/system"}, mode: PeerToPeer, persistent: true,
			want: "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume --persistent --undefinesource " + uuid + " qemu+tcp://kvm2/system`",
		},
		"transient": {
			request: Request{PeerURI: "qemu+tcp://kvm2/system"}, mode: PeerToPeer,
			want: "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume " + uuid + " qemu+tcp://kvm2/system`",
		},
		"encrypted, to an address of its own": {
			request: Request{PeerURI: "qemu+tls://kvm2/system", MigrationURI: "tcp://10.0.0.2", Policy: policy.Resolve(policy.Levels{Run: policy.Policy{Encryption: new(true)}})},
			mode:    PeerToPeer,
			want:    "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume --tls --migrateuri tcp://10.0.0.2 " + uuid + " qemu+tls://kvm2/system`",
		},
		"the peer_uri has a user and parameters": {
			request: Request{PeerURI: "qemu+ssh://root:hunter2@kvm2/system?keyfile=/root/key"}, mode: PeerToPeer,
			want: "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume " + uuid + " qemu+ssh://kvm2/system` (with the user and the parameters of the peer_uri of kvm2, which are not shown)",
		},
		"direct": {
			request: Request{PeerURI: "qemu+tcp://kvm2/system"}, mode: Direct, persistent: true,
			want: "on a machine that reaches libvirt on both `virsh --connect SOURCE migrate --live --postcopy --postcopy-resume --persistent --undefinesource " + uuid +
				" DESTINATION` (SOURCE and DESTINATION being the URIs of kvm1 and kvm2 there)",
		},
		"found later, and hosts do not reach each other's libvirt": {
			request: Request{Mode: Auto},
			want: "on a machine that reaches libvirt on both `virsh --connect SOURCE migrate --live --postcopy --postcopy-resume " + uuid +
				" DESTINATION` (SOURCE and DESTINATION being the URIs of kvm1 and kvm2 there)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := test.request
			r.UUID, r.Source, r.Destination = uuid, &stillSource{name: "kvm1"}, &stillDestination{name: "kvm2"}
			if got := r.recovery(test.mode, test.persistent); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
