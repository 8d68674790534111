package explain

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A second definition that could be started would be left on the source without
// --persistent and --undefinesource.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	tests := map[string]struct {
		recovery migration.Recovery
		want     string
	}{
		"persistent": {
			recovery: migration.Recovery{PeerURI: "qemu+tcp://kvm2/system", Persistent: true},
			want:     "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume --persistent --undefinesource " + uuid + " qemu+tcp://kvm2/system`",
		},
		"transient": {
			recovery: migration.Recovery{PeerURI: "qemu+tcp://kvm2/system"},
			want:     "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume " + uuid + " qemu+tcp://kvm2/system`",
		},
		"encrypted, to an address of its own": {
			recovery: migration.Recovery{
				PeerURI: "qemu+tls://kvm2/system", MigrationURI: "tcp://10.0.0.2", Encrypted: true,
				TLSDestination: "kvm2.example.com", ListenAddress: "10.0.0.2",
			},
			want: "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume --tls --tls-destination kvm2.example.com --migrateuri tcp://10.0.0.2 --listen-address 10.0.0.2 " + uuid + " qemu+tls://kvm2/system`",
		},
		"the peer_uri has a user and parameters": {
			recovery: migration.Recovery{PeerURI: "qemu+ssh://root:hunter2@kvm2/system?keyfile=/root/key"},
			want:     "on kvm1 `virsh migrate --live --p2p --postcopy --postcopy-resume " + uuid + " qemu+ssh://root@kvm2/system` (with the parameters of the peer_uri of kvm2, which are not shown)",
		},
		"direct": {
			recovery: migration.Recovery{Direct: true, PeerURI: "qemu+tcp://kvm2/system", Persistent: true},
			want: "on a machine that reaches libvirt on both `virsh --connect SOURCE migrate --live --postcopy --postcopy-resume --persistent --undefinesource " + uuid +
				" DESTINATION` (SOURCE and DESTINATION being the URIs of kvm1 and kvm2 there)",
		},
		"found later, and hosts do not reach each other's libvirt": {
			recovery: migration.Recovery{Direct: true},
			want: "on a machine that reaches libvirt on both `virsh --connect SOURCE migrate --live --postcopy --postcopy-resume " + uuid +
				" DESTINATION` (SOURCE and DESTINATION being the URIs of kvm1 and kvm2 there)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := migration.Outcome{
				UUID: uuid, Recovery: test.recovery,
				Source: migration.Observation{Host: "kvm1"}, Destination: migration.Observation{Host: "kvm2"},
			}
			if got := recovery(o); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
