package migration

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"

// Parameters is what one migration tells libvirt. A host encodes it.
type Parameters struct {
	// Policy is what the policy comes to: flags and typed parameters.
	Policy policy.Parameters
	// Definition is VIR_MIGRATE_OFFLINE: the domain is shut off, and only its definition
	// moves. Policy is empty then.
	Definition bool
	// Protected is VIR_MIGRATE_CHANGE_PROTECTION: Begin keeps the domain's job until Confirm.
	// A direct move of a definition needs it, which has no Perform that would begin the job, and
	// libvirt wants it of a direct recovery.
	Protected bool
	// Recover is VIR_MIGRATE_POSTCOPY_RESUME, beside what the migration was begun with.
	Recover bool
	// Persistent keeps a persistent domain persistent: VIR_MIGRATE_PERSIST_DEST
	// and VIR_MIGRATE_UNDEFINE_SOURCE.
	Persistent bool
	// Paused is VIR_MIGRATE_PAUSED: the domain was paused before the move and
	// stays so. Peer-to-peer, libvirt sees to it itself; the client that drives
	// the steps has to. A guest that is asleep is not paused: with this flag its
	// QEMU could not be woken on the destination.
	Paused bool
	// MigrationURI is where memory is sent (VIR_MIGRATE_PARAM_URI); empty lets
	// the destination's libvirt choose.
	MigrationURI string
	// ListenAddress is where the destination's QEMU receives it
	// (VIR_MIGRATE_PARAM_LISTEN_ADDRESS); empty is migration_address in its qemu.conf, else
	// all addresses.
	ListenAddress string
	// TLSDestination is the name that the destination's certificate must have
	// (VIR_MIGRATE_PARAM_TLS_DESTINATION); empty is the name or address of MigrationURI.
	TLSDestination string
	// Storage is the disks that are copied; nil where none is. How they are copied is in
	// Policy: VIR_MIGRATE_NON_SHARED_DISK or VIR_MIGRATE_NON_SHARED_INC.
	Storage *StorageCopy
	// Changed are the definitions for the destination: Begin checks that the guest sees the same
	// by them (libvirt: ABI stability).
	Changed Definitions
}

// PostCopy tells whether the migration may be switched to post-copy.
func (p Parameters) PostCopy() bool { return p.Policy.Has(policy.FlagPostCopy) }

// Compression tells whether memory is sent compressed.
func (p Parameters) Compression() bool { return p.Policy.Has(policy.FlagCompressed) }

// Parameters turns the policy into what libvirt is told about this domain. A
// guest that is paused or asleep dirties nothing and is never switched to
// post-copy, which would set a paused one running (Red Hat bug 1464792). Where no disk is
// copied libvirt must not be asked to: without a list of disks it would copy all.
func (r Request) Parameters(d Domain) Parameters {
	if r.Definition {
		return Parameters{
			Definition: true, Persistent: true, MigrationURI: r.MigrationURI, Changed: Definitions{Running: r.Changed.Running},
		}
	}
	effective := r.Policy
	if d.State == StatePaused || d.State == StateAsleep {
		effective.Policy.PostCopy = new(false)
	}
	if r.Recover {
		effective.Policy.PostCopy = new(true) // it was, whatever is known of its policy
	}
	if r.Storage == nil {
		effective.Policy.CopyStorage = new(policy.CopyNone)
	}
	if r.Share > 0 {
		before, after := speeds(r.Share, r.Policy)
		if r.Storage != nil {
			before = r.mirrorLimit()
		}
		effective.Policy.BandwidthMiBPerSecond, effective.Policy.PostCopyBandwidthMiBPerSecond = &before, &after
	}
	p := Parameters{
		Policy:        effective.Parameters(),
		Recover:       r.Recover,
		Persistent:    d.Persistent,
		Paused:        d.State == StatePaused,
		MigrationURI:  r.MigrationURI,
		ListenAddress: r.ListenAddress,
		Storage:       r.Storage,
		Changed:       r.Changed,
	}
	if effective.Encryption() {
		p.TLSDestination = r.TLSDestination
	}
	return p
}

// Requirements lists what the hosts need for the policy, and for what the provider's
// configuration says of the destination.
func (r Request) Requirements() []policy.Requirement {
	if r.Definition {
		return nil
	}
	all := r.Policy.Requirements()
	if r.ListenAddress != "" {
		all = append(all, policy.Requirement{Feature: "listen_address", Release: policy.Release{Libvirt: 1_001_004}})
	}
	if r.Budget != nil && r.Policy.PostCopy() {
		all = append(all, policy.Requirement{
			Feature: "migration_bandwidth_mib_per_second", Release: policy.Release{Libvirt: 5_001_000, QEMU: 3_000_000},
		})
	}
	if r.TLSDestination != "" && r.Policy.Encryption() {
		all = append(all, policy.Requirement{Feature: "tls_destination", Release: policy.Release{Libvirt: 6_000_000}})
	}
	return all
}
