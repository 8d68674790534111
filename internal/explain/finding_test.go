package explain

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// observed is an observation of the VM of the tests on a host.
func observed(host string, state migration.DomainState) migration.Observation {
	return migration.Observation{Host: host, Domain: migration.Domain{UUID: remedyUUID, Name: "web", State: state, Persistent: true}}
}

// acrossLevels is a contradiction between two levels.
var acrossLevels = policy.Conflict{
	Problem: policy.Problem{Field: policy.FieldParallelConnections, Text: "Not with parallel connections."},
	Values: []policy.Decided{
		{Field: policy.FieldParallelConnections, Value: "4", Origin: policy.OriginVM},
		{Field: policy.FieldCompression, Value: "true", Origin: policy.OriginCluster},
	},
}

func TestFinding(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	refused := errors.New("internal error")
	away := observed("kvm1", migration.StateShutOff)
	away.Domain.Reason = migration.ReasonMigrated
	both := migration.Outcome{UUID: remedyUUID, Name: "web", Source: observed("kvm1", migration.StatePaused), Destination: observed("kvm2", migration.StateRunning)}
	broken := migration.Outcome{UUID: remedyUUID, Name: "web", Source: observed("kvm1", migration.StatePostCopyFailed), Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain}}
	for want, f := range map[string]migration.Finding{
		"parallel_connections (4, from vm) and compression (true, from cluster) contradict each other: Not with parallel connections.": {
			Fact: preflight.PolicyConflict{Conflict: acrossLevels},
		},
		`Other hosts' libvirt cannot reach kvm2: its uri is a local one and it has no peer_uri. Set peer_uri, or mode = "direct" or "auto".`: {Fact: preflight.NoPeerURI{}, Host: "kvm2"},
		"One pass over the memory of VM web, 8192 MiB, takes up to 4m16s at 32 MiB/s (bandwidth_mib_per_second, cluster), and timeout is 2m (run): it may end the move before all memory was sent once. Set a longer timeout, or a higher bandwidth_mib_per_second where the link has it.": {
			Fact: preflight.PassTooLong{
				Memory: 8 * gib, Bandwidth: 32 << 20, BandwidthOrigin: policy.OriginCluster,
				Takes: 256 * time.Second, Timeout: 2 * time.Minute, TimeoutOrigin: policy.OriginRun,
			},
		},
		"The migration_uri of kvm2 is RDMA's, for which QEMU locks all of the guest's memory (8192 MiB), and libvirt wants a hard limit of that, which VM web does not have. Set a hard limit of more than the guest's memory and what QEMU itself needs (`virsh memtune " + remedyUUID + " --hard-limit KIB --live --config` on kvm1), or set a migration_uri that begins with tcp.": {
			Fact: preflight.NoHardLimit{Memory: 8 * gib}, Host: "kvm1",
		},
		"libvirt on kvm2 does not answer: internal error.": {Fact: migration.NoAnswer{}, Host: "kvm2", Err: refused},
		"kvm1 and kvm2 are two machines (a.example.com and b.example.com) with one host UUID (U), and libvirt refuses to migrate between them. " + sameUUIDAdvice: {
			Fact: migration.SameUUID{
				Source:      migration.Identity{Hostname: "a.example.com", HostUUID: "U"},
				Destination: migration.Identity{Hostname: "b.example.com", HostUUID: "U"},
			},
		},
		"kvm1 and kvm2 are the same host (kvm.example.com, host UUID U). Leave one of the two out of the provider's hosts. If they are two machines, with one host name and one host UUID, as clones of one image may be, give each its own: `hostnamectl set-hostname NAME`, and host_uuid in /etc/libvirt/libvirtd.conf to what `uuidgen` prints, on one of the two; then restart libvirt there.": {
			Fact: migration.SameHost{Identity: migration.Identity{Hostname: "kvm.example.com", HostUUID: "U"}},
		},
		"VM web does not exist there any more.": {Fact: migration.NotRunning{Seen: migration.Observation{Host: "kvm1", Err: migration.ErrNoDomain}}, Host: "kvm1"},
		"VM web is not running on kvm1 (shut off), and only a running VM can be moved live. Start it: `virsh start " + remedyUUID + "` on kvm1. The resource virt_vm_live_migration leaves it there, or moves its definition, where if_shut_off says so.": {
			Fact: migration.NotRunning{Seen: observed("kvm1", migration.StateShutOff)}, Host: "kvm1",
		},
		"VM web is not running on kvm1 (crashed), and only a running VM can be moved live. The guest panicked on kvm1, and its QEMU is kept there. `virsh destroy " + remedyUUID + "` and then `virsh start " + remedyUUID + "` on kvm1 start it again.": {
			Fact: migration.NotRunning{Seen: observed("kvm1", migration.StateCrashed)}, Host: "kvm1",
		},
		"VM web was migrated away from kvm1, and none of the hosts that were asked runs it: only a definition is left there (shut off, migrated). Look for it on other hosts, and do not start that definition until you are certain that the VM runs nowhere.": {
			Fact: migration.NotRunning{Seen: away}, Host: "kvm1",
		},
		"VM web is running on kvm1 now. Its definition alone is moved only while it is shut off; plan again to move the VM live.": {
			Fact: migration.NotShutOff{Seen: observed("kvm1", migration.StateRunning)}, Host: "kvm1",
		},
		"VM web is not at home on kvm1 (being received).": {Fact: migration.NotRunning{Seen: observed("kvm1", migration.StateIncoming)}, Host: "kvm1"},
		"A post-copy migration of VM web lost its link. The part on kvm2 is gone, and the guest's memory with it. `virsh destroy " + remedyUUID + "` and then `virsh start " + remedyUUID + "` on kvm1 start it again.": {
			Fact: migration.BrokenPostCopy{Outcome: broken}, Host: "kvm1",
		},
		"VM web is paused on kvm1 by a migration that has ended, and that lost its client (Terraform, virsh) during the switch-over. None of the hosts that answered runs it; it may run on a host that does not answer, so it was not resumed. Make sure that it runs nowhere else: then `virsh resume " + remedyUUID + "` on kvm1 lets it run, and it can be moved.": {
			Fact: migration.Stranded{Other: migration.OnSilentHost}, Host: "kvm1",
		},
		"VM web is paused on kvm1 and running on kvm2. Compare `virsh domstate --reason " + remedyUUID + "` on both hosts, decide which copy to keep, and end the other one with `virsh destroy " + remedyUUID + "` on its host.": {
			Fact: migration.TwoHomes{Outcome: both},
		},
		"kvm1 does not say whether another job runs on VM web: internal error.":                                                         {Fact: migration.JobUnknown{}, Host: "kvm1", Err: refused},
		"kvm2 still holds the incoming domain of a migration of VM web that has ended. libvirt removes it once it has noticed the end.": {Fact: migration.IncomingLeft{}, Host: "kvm2"},
		"Another job runs on VM web. It must end first: `virsh domjobinfo " + remedyUUID + "` on kvm1 shows its progress.":              {Fact: migration.OtherJob{}, Host: "kvm1"},
		"A migration of VM web is under way already, and more than one host holds an incoming domain: whether it goes to kvm2 is not known. This move started nothing; `virsh domjobabort " + remedyUUID + "` on kvm1 cancels that migration.": {
			Fact: migration.RivalMigration{}, Host: "kvm1",
		},
		"A migration of VM web is under way already, and kvm2 does not hold its incoming domain: it goes elsewhere, or is just about to start. This move started nothing; `virsh domjobabort " + remedyUUID + "` on kvm1 cancels that migration.": {
			Fact: migration.OtherMigration{}, Host: "kvm1",
		},
		"kvm2 cannot run the CPU of VM web: missing features: avx2. A CPU that both hosts have is printed by `virsh hypervisor-cpu-baseline --migratable FILE` on either, FILE with the output of `virsh capabilities` of both; `virsh edit " + remedyUUID + "` on kvm1 sets it for the next start.": {Fact: preflight.CPUMissing{Reason: "missing features: avx2"}, Host: "kvm2"},
		"VM web may use 65536 MiB, and kvm2 has 32768 MiB in all: it may swap, or run out. Give it less: `virsh setmaxmem " + remedyUUID + " SIZE --config` on kvm1, and start the VM anew. Or choose another host.":                                                                                 {Fact: preflight.MemoryTooSmall{Need: 64 * gib, Have: 32 * gib}, Host: "kvm2"},
		"VM web may use 65536 MiB, and kvm2 has 32768 MiB available (free, buffers and cache): it may swap, or run out. `virsh nodememstats` on kvm2 shows what is free. Stop VMs there, or move some away.": {
			Fact: preflight.MemoryShort{Need: 64 * gib, Have: 32 * gib}, Host: "kvm2",
		},
		"kvm1 keeps a managed-save image of VM web, which runs: the image is older than the VM's disks. libvirt would forget it now, and start from it when the VM has come back there: old memory would spoil the disks. Remove it with `virsh managedsave-remove " + remedyUUID + "` on kvm1.": {
			Fact: preflight.ManagedSave{}, Host: "kvm1",
		},
		"zero_copy needs QEMU 7.1.0 or newer on the host that the VM leaves, and kvm1 has 7.0.0.": {
			Fact: preflight.VersionTooOld{Feature: "zero_copy", Program: "QEMU", Need: 7001000, Have: 7000000, Source: true}, Host: "kvm1",
		},
		"For zero_copy QEMU on kvm1 may lock no more memory than the hard limit of VM web (512 MiB), which is below the guest's memory (8192 MiB): the move fails if more than that is on its way at a time. Raise the hard limit above the guest's memory and what QEMU itself needs (`virsh memtune " + remedyUUID + " --hard-limit KIB --live --config` on kvm1), or set zero_copy = false.": {
			Fact: preflight.LockLimit{Limit: 512 << 20, Memory: 8 * gib}, Host: "kvm1", Warning: true,
		},
		"encryption needs libvirt 3.2.0 or newer on both hosts, and kvm2 has 3.1.0.": {
			Fact: preflight.VersionTooOld{Feature: "encryption", Program: "libvirt", Need: 3002000, Have: 3001000}, Host: "kvm2",
		},
		"kvm2 has no migration_uri, and its host name is \"localhost\": libvirt there does not know where memory is to be sent, unless its qemu.conf has migration_host. Set migration_uri of kvm2 in the provider's configuration, or give the host a name: `hostnamectl set-hostname NAME` on kvm2.": {
			Fact: preflight.LocalHostname{Hostname: "localhost"}, Host: "kvm2",
		},
		"kvm2 has no migration_uri, and its host name is \"debian\", as that of kvm1: libvirt on kvm1 sends memory to that name, which mostly leads it to itself, unless the qemu.conf of kvm2 has migration_host. Set migration_uri of kvm2 in the provider's configuration, or give the host a name: `hostnamectl set-hostname NAME` on kvm2.": {
			Fact: preflight.OneHostname{Hostname: "debian"}, Host: "kvm2",
		},
		"The VM has snapshots on kvm1, and libvirt does not move their metadata. libvirt on kvm1 says: cannot migrate domain with 1 snapshots. `virsh snapshot-list " + remedyUUID + "` on kvm1 lists them. Delete them, or keep the data of one and forget only its metadata with `virsh snapshot-delete " + remedyUUID + " SNAPSHOT --metadata` on kvm1.": {
			Fact: preflight.Refused{}, Host: "kvm1", Err: &host.Error{
				Host: "kvm1", Code: 55, Message: "cannot migrate domain with 1 snapshots",
				Refusal: refusal.Refusal{Kind: refusal.Snapshots, Party: refusal.Source},
			},
		},
		"libvirt on kvm1 refuses to migrate VM web. libvirt on kvm1 says, in its own words: no such words.": {
			Fact: preflight.Refused{}, Host: "kvm1", Err: &host.Error{Host: "kvm1", Code: 55, Message: "no such words"},
		},
		"libvirt on kvm1 refuses to migrate VM web: internal error.":                               {Fact: preflight.Refused{}, Host: "kvm1", Err: refused},
		"QEMU on kvm2 is 9.0.0, older than 10.1.0 on kvm1: it may not understand what it is sent.": {Fact: preflight.QEMUOlder{Source: 10001000, Destination: 9000000}, Host: "kvm2"},
	} {
		t.Run(f.Fact.Problem(), func(t *testing.T) {
			t.Parallel()
			f.Subject = web
			if got := Finding(f); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
