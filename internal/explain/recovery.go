package explain

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// recoveryAction sends the rest of the memory of a post-copy that has lost its link.
const recoveryAction = "virt_vm_postcopy_recovery"

// RecoveryNeeds are the releases of libvirt that can recover a post-copy, to go on with after "needs".
func RecoveryNeeds() string {
	var needs []string
	for _, u := range migration.UnfitReleases() {
		if u.From == 0 {
			needs = append(needs, fmt.Sprintf("libvirt %s or newer on both hosts", Version(u.Fixed)))
		} else {
			needs = append(needs, fmt.Sprintf("on the destination none from %s to before %s, which crash over it",
				Version(u.From), Version(u.Fixed)))
		}
	}
	return strings.Join(needs, ", and ")
}

// recovery says where to run which command that sends the rest of the memory
// after a migration has lost its link in post-copy.
func recovery(o migration.Outcome) string {
	r := o.Recovery
	command := []string{"virsh", "migrate", "--live"}
	if r.Direct {
		command = []string{"virsh", "--connect", "SOURCE", "migrate", "--live"}
	} else {
		command = append(command, "--p2p")
	}
	command = append(command, "--postcopy", "--postcopy-resume")
	if r.Persistent {
		command = append(command, "--persistent", "--undefinesource")
	}
	if r.Encrypted {
		command = append(command, "--tls")
	}
	for _, option := range []struct{ name, value string }{
		{"--tls-destination", r.TLSDestination}, {"--migrateuri", r.MigrationURI}, {"--listen-address", r.ListenAddress},
	} {
		if option.value != "" {
			command = append(command, option.name, option.value)
		}
	}
	command = append(command, o.UUID)
	if r.Direct {
		return fmt.Sprintf("on a machine that reaches libvirt on both `%s DESTINATION` (SOURCE and DESTINATION "+
			"being the URIs of %s and %s there)",
			strings.Join(command, " "), o.Source.Host, o.Destination.Host)
	}
	peer, whole := withoutSecrets(r.PeerURI)
	text := fmt.Sprintf("on %s `%s %s`", o.Source.Host, strings.Join(command, " "), peer)
	if !whole {
		text += fmt.Sprintf(" (with the parameters of the peer_uri of %s, which are not shown)",
			o.Destination.Host)
	}
	return text
}

// withoutSecrets is a URI without what may be a secret in it, and whether that is
// all of it.
func withoutSecrets(uri string) (text string, whole bool) {
	u, err := url.Parse(uri)
	if err != nil {
		return "PEER_URI", false
	}
	text = sanitize.URI(u)
	return text, text == uri
}
