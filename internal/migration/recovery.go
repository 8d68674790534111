package migration

import (
	"fmt"
	"net/url"
	"strings"
)

// recovery says where to run which command that sends the rest of the memory
// after a migration of this mode has lost its link in post-copy. libvirt wants
// the flags of that migration again: without --persistent and --undefinesource
// the source would keep a definition that can be started. Hosts between which a
// migration went direct may not reach each other's libvirt.
func (r Request) recovery(mode Mode, persistent bool) string {
	direct := mode == Direct || r.Mode == Direct || r.PeerURI == ""
	command := []string{"virsh", "migrate", "--live"}
	if direct {
		command = []string{"virsh", "--connect", "SOURCE", "migrate", "--live"}
	} else {
		command = append(command, "--p2p")
	}
	command = append(command, "--postcopy", "--postcopy-resume")
	if persistent {
		command = append(command, "--persistent", "--undefinesource")
	}
	if r.Policy.Encryption() {
		command = append(command, "--tls")
	}
	if r.MigrationURI != "" {
		command = append(command, "--migrateuri", r.MigrationURI)
	}
	command = append(command, r.UUID)
	if direct {
		return fmt.Sprintf("on a machine that reaches libvirt on both `%s DESTINATION` (SOURCE and DESTINATION being the URIs of %s and %s there)",
			strings.Join(command, " "), r.Source.Name(), r.Destination.Name())
	}
	peer, whole := shown(r.PeerURI)
	text := fmt.Sprintf("on %s `%s %s`", r.Source.Name(), strings.Join(command, " "), peer)
	if !whole {
		text += fmt.Sprintf(" (with the user and the parameters of the peer_uri of %s, which are not shown)", r.Destination.Name())
	}
	return text
}

// shown is a URI without what may be a secret in it, and whether that is all of
// it.
func shown(uri string) (text string, whole bool) {
	u, err := url.Parse(uri)
	if err != nil {
		return "PEER_URI", false
	}
	text = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	return text, text == uri
}
