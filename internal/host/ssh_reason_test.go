//go:build lab

package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// libvirt may lose the reason for a failure behind virt-ssh-helper, and then that
// is said; behind netcat it does not.
func TestSSHPeerLosesTheReason(t *testing.T) {
	w := world(t)
	source := overSSH(t, w.Hosts[0], "qemu+ssh")
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	const scheme = "carrier-pigeon"
	for peer, mayBeLost := range map[string]bool{
		w.Hosts[1].SSHURI:                   true,
		w.Hosts[1].SSHURI + "?proxy=netcat": false,
	} {
		err := source.MigratePeerToPeer(testContext(t), guest.UUID, peer, migration.Parameters{MigrationURI: scheme + "://10.77.0.12"})
		if err == nil || errors.Is(err, migration.ErrAborted) || isPeerUnreachable(err) {
			t.Errorf("%s: got %v, want a failure of the destination", peer, err)
			continue
		}
		told := strings.Contains(err.Error(), scheme)
		var answer *host.Error
		lost := mayBeLost && errors.As(err, &answer) && answer.Refusal.Kind == refusal.PeerSilenced
		if !told && !lost {
			t.Errorf("%s: got %v, want the reason", peer, err)
		}
	}
}
