package migration

// Recovery is what the command needs that sends the rest of the memory after a
// post-copy has lost its link. libvirt wants the flags of the migration again.
type Recovery struct {
	// Direct is true when the migration was driven by its client: the hosts may not
	// reach each other's libvirt.
	Direct bool
	// Persistent is true when the source kept a definition of the VM: without the flags
	// for it a second definition that can be started would be left there.
	Persistent, Encrypted bool
	// PeerURI is the destination's libvirt as the source reaches it, MigrationURI
	// where memory is sent, empty when the destination chooses.
	PeerURI, MigrationURI string
	// ListenAddress and TLSDestination are as in Parameters.
	ListenAddress, TLSDestination string
}

// recovery is how a migration of this mode is recovered.
func (r Request) recovery(mode Mode, persistent bool) Recovery {
	again := Recovery{
		Direct:     mode == Direct || r.Mode == Direct || r.PeerURI == "",
		Persistent: persistent, Encrypted: r.Policy.Encryption(),
		PeerURI: r.PeerURI, MigrationURI: r.MigrationURI, ListenAddress: r.ListenAddress,
	}
	if again.Encrypted {
		again.TLSDestination = r.TLSDestination
	}
	return again
}
