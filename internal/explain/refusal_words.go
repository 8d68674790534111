package explain

import (
	"maps"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// certificateDirectory tells where QEMU finds the certificates for migrations.
const certificateDirectory = "migrate_tls_x509_cert_dir in qemu.conf, or /etc/pki/libvirt-migrate if it exists, " +
	"otherwise default_tls_x509_cert_dir, or /etc/pki/qemu"

// blank are the remedies for a refusal, with what is filled in once it is told. Capitals stand
// for what its words may name.
var blank = remedies{
	migration.Subject{UUID: "{uuid}", Name: "{vm}", Source: "{source}", Destination: "{destination}"}, "{host}",
}

// named tells where a name is to be found that a command needs.
const named = "libvirt's words name it. "

// refusals are the words for every kind.
var refusals = func() map[refusal.Kind]refusalWords {
	all := map[refusal.Kind]refusalWords{}
	for _, part := range []map[refusal.Kind]refusalWords{refusalsOfTheVM, refusalsOfTheWay, refusalsOfTheDestination} {
		maps.Copy(all, part)
	}
	return all
}()

// refusalsOfTheVM are about what the VM has on its source.
var refusalsOfTheVM = map[refusal.Kind]refusalWords{
	refusal.Snapshots: {
		"The VM has snapshots on {source}, and libvirt does not move their metadata.",
		"`virsh snapshot-list {uuid}` on {source} lists them. Delete them, or keep the data of one and forget only its " +
			"metadata with `virsh snapshot-delete {uuid} SNAPSHOT --metadata` on {source}.",
	},
	refusal.UnsharedStorage: {
		"A writable disk of the VM is on a file system that libvirt on {source} does not take for shared.",
		"`virsh domblklist {uuid}` on {source} lists the disks. Copy it with the VM (copy_storage = \"auto\"), or put it " +
			"on storage that both hosts share. If the file system is shared and libvirt does not know it as such, name its " +
			"directory in shared_filesystems in /etc/libvirt/qemu.conf on both hosts, and restart libvirt there.",
	},
	refusal.DiskCache: {
		"A disk of the VM has a cache mode that is not safe in a migration.",
		"Give it cache=\"none\" or \"directsync\" with `virsh edit {uuid}` on {source}, and stop and start the VM.",
	},
	refusal.BlockJob: {
		"A block job runs on a disk of the VM on {source}: a copy, a commit, a pull or a backup.",
		"`virsh domblklist {uuid}` on {source} lists the disks, and `virsh blockjob {uuid} DISK` shows its progress. Move " +
			"the VM once it has ended, or end it with `virsh blockjob {uuid} DISK --abort` on {source}.",
	},
	refusal.TransientDisk: {
		"A disk of the VM is transient: what is written to it is thrown away when the VM ends, and cannot be moved.",
		"Detach it with `virsh detach-disk {uuid} TARGET --live` on {source}, or shut the VM down.",
	},
	refusal.DiskFormat: {
		"QEMU cannot migrate a disk of the VM in its image format.",
		"`virsh domblkinfo {uuid} --all` on {source} lists the disks. Convert the image to qcow2 or raw with `qemu-img " +
			"convert` while the VM {uuid} is shut off.",
	},
	refusal.SharedMemory: {
		"The VM shares memory with other processes on {source} (ivshmem), which cannot be moved.",
		"Take the <shmem> device out with `virsh detach-device {uuid} FILE --live` on {source} for the move, or give it " +
			"role=\"master\" where the guest allows that.",
	},
	refusal.HostDevice: {
		"The VM uses a device of {source} directly (passthrough), which stays there.",
		"Take the device out with `virsh detach-device {uuid} FILE --live` on {source}, move the VM, and attach one of " +
			"{destination} afterwards. A network device with a virtio stand-in (<teaming>) may stay.",
	},
	refusal.HostFilesystem: {
		"The guest has a directory of {source} mounted (9p or virtiofs), which cannot be moved with it.",
		"Unmount it in the guest, and detach the device with `virsh detach-device {uuid} FILE --live` on {source}. Newer " +
			"releases of libvirt and virtiofsd can migrate virtiofs.",
	},
	refusal.VhostBackend: {
		"A vhost or vhost-user backend of the VM cannot log what it writes to memory, so QEMU cannot migrate it.",
		"Use a backend that supports it (VHOST_F_LOG_ALL), or detach the device with `virsh detach-device {uuid} FILE " +
			"--live` on {source}.",
	},
	refusal.NetworkBackend: {
		"A helper process of the VM on {source} cannot be moved (slirp-helper, dbus-vmstate).",
		"Detach the user-mode interface with `virsh detach-interface {uuid} user --live` on {source}, or use <backend " +
			"type='passt'/>.",
	},
	refusal.InvariantTSC: {
		"The guest's CPU has the feature invtsc, and no TSC frequency is set.",
		blank.invariantTSC(),
	},
	refusal.EncryptedMemory: {
		"The guest's memory is encrypted by the host's CPU (SEV or TDX), and QEMU cannot migrate that.",
		"Shut the VM down with `virsh shutdown {uuid}` on {source}, and start it on {destination}.",
	},
	refusal.TPMState: {
		"The VM's emulated TPM cannot be moved.",
		"It needs a swtpm that supports migration on both hosts: see `swtpm socket --print-capabilities` there.",
	},
	refusal.Graphics: {
		"The VM's display cannot be moved (3D acceleration, or a vdagent channel of QEMU).",
		"Take it out with `virsh edit {uuid}` on {source}, and stop and start the VM.",
	},
	refusal.UnmovableDevice: {
		"QEMU cannot migrate a device of the VM.",
		"libvirt's words name it: detach it with `virsh detach-device {uuid} FILE --live` on {source}.",
	},
	refusal.Blocker: {
		"QEMU on {source} refuses to migrate the VM.",
		"libvirt's words have QEMU's reason. " +
			"`virsh qemu-monitor-command {uuid} --pretty '{\"execute\":\"query-migrate\"}'` there shows it as long as it holds.",
	},
	refusal.AutoDestroy: {
		"The VM was started to end with its client (auto destroy), and cannot leave {source}.",
		"Start it without `--autodestroy`.",
	},
	refusal.DiskError: {
		"The VM has an I/O error on a disk on {source}.",
		"`virsh domblkerror {uuid}` there names the disk. Mend it, and resume the VM there with `virsh resume {uuid}`.",
	},
	refusal.MemoryDevice: {
		"A memory device of the VM has no fixed slot, so its memory cannot be moved reliably.",
		"Stop and start the VM {uuid}: libvirt gives the device a slot.",
	},
	refusal.Busy: {
		"Another operation holds the VM on {host}.",
		blank.job(),
	},
	refusal.NotRunning: {
		"The VM does not run on {source}, or ended there.",
		"`virsh domstate --reason {uuid}` there says why; /var/log/libvirt/qemu/{vm}.log there has QEMU's last words.",
	},
	refusal.NoDomain: {
		"libvirt on {host} does not have the VM, or not any more.",
		"Where it had the VM before, QEMU there ended, of which /var/log/libvirt/qemu/{vm}.log there says why, or somebody " +
			"else moved or removed the VM: `virsh list --all --uuid` on each host shows where {uuid} is.",
	},
	refusal.Aborted: {"The job was cancelled on {source}.", ""},
}

// refusalsOfTheWay are about how the VM gets from one host to the other.
var refusalsOfTheWay = map[refusal.Kind]refusalWords{
	refusal.EncryptionForced: {
		"{host} accepts encrypted migrations only (migrate_tls_force in its qemu.conf).",
		"Set encryption = true in the VM's policy.",
	},
	refusal.NoCertificate: {
		"QEMU on {host} lacks a certificate, a key or the authority's certificate for encryption, or cannot use it.",
		"Encryption needs certificates on the source and on the destination (" + certificateDirectory + "). On the source " +
			"they are ca-cert.pem, client-cert.pem and client-key.pem, on the destination ca-cert.pem, server-cert.pem and " +
			"server-key.pem.",
	},
	refusal.CertificateName: {
		"The certificate of QEMU on {destination} is not for the name or address that memory is sent to.",
		"Set tls_destination of {destination} in the provider's hosts to a name that is in its certificate (`openssl x509 " +
			"-in server-cert.pem -noout -ext subjectAltName` there shows its names), give it a migration_uri with such a " +
			"name, or the certificate the name.",
	},
	refusal.Untrusted: {
		"QEMU on {destination} broke the encrypted connection off. If it ends like this at its start, the destination does " +
			"not trust the source.",
		"The source needs client-cert.pem and client-key.pem, issued by the authority in the destination's ca-cert.pem (" +
			certificateDirectory + ").",
	},
	refusal.PeerUnreachable: {
		"libvirt on {source} cannot connect to libvirt on {destination}.",
		"Look at the peer_uri of {destination}, and from {source} try `virsh -c PEER_URI list`. mode = \"auto\" or " +
			"\"direct\" needs no such connection.",
	},
	refusal.PeerLogin: {
		"libvirt on {destination} does not let libvirt on {source} log in.",
		"Give {source} a login, for example in /etc/libvirt/auth.conf. mode = \"auto\" or \"direct\" needs none.",
	},
	refusal.PeerSilenced: {
		"The connection from libvirt on {source} to libvirt on {destination} ended, or virt-ssh-helper lost the reason of " +
			"the failure, such as an abort of the job on {source} (`virsh domjobabort`).",
		"See the log of libvirt on {source}, or set the parameter proxy=netcat in peer_uri, which keeps the reason.",
	},
	refusal.PeerLost: {
		"libvirt on {destination} went away in mid-move: it ended or was restarted, or its connection with {source} broke.",
		"`systemctl status libvirtd virtqemud` on {destination} shows whether it runs and since when. Once it does, move " +
			"the VM again.",
	},
	refusal.MemoryUnreachable: {
		"{source} cannot connect to the address and port on {destination} that memory is sent to.",
		"Let the ports 49152 to 49215 of {destination} (migration_port_min and migration_port_max in its qemu.conf) " +
			"through its firewall.",
	},
	refusal.MemoryLost: {
		"The connection broke that memory is sent over, or QEMU on the other end of it ended.",
		"/var/log/libvirt/qemu/{vm}.log on {source} and on {destination} may say why.",
	},
	refusal.MigrationURI: {
		"libvirt on {destination} cannot use the migration_uri.",
		"It is tcp://ADDRESS, with an IPv6 address in brackets and best without a port.",
	},
	refusal.LocalHostname: {
		"{destination} has the host name localhost, and memory is sent to its host name by default.",
		blank.hostname(),
	},
	refusal.SameHost: {
		"{source} and {destination} have the same host UUID, so libvirt takes them for one host.",
		"Where they are two machines: " + sameUUIDAdvice,
	},
	refusal.Unsupported: {
		"libvirt or QEMU on {host} does not support something that the policy asks for.",
		"libvirt's words name it. Leave that field of the policy out, or upgrade {host}.",
	},
	refusal.Incompatible: {
		"QEMU cannot combine features that the policy asks for.",
		"libvirt's words name them. Turn one of them off in the policy.",
	},
	refusal.NewerSource: {
		"libvirt on {destination} is too old for what libvirt on {source} sends.",
		"Upgrade libvirt on {destination} to the release of {source}.",
	},
	refusal.Userfaultfd: {
		"The policy allows post-copy, and QEMU on {host} may not use userfaultfd, which that needs.",
		"`sysctl -w vm.unprivileged_userfaultfd=1` on both hosts allows it (and a file in /etc/sysctl.d keeps it so), or " +
			"set post_copy = false.",
	},
	refusal.PostCopy: {
		"QEMU on {host} cannot do post-copy with this VM, which the policy allows.",
		"Set post_copy = false for it.",
	},
	refusal.PostCopyFailed: {
		"The migration lost its link in post-copy, with a part of the guest's memory on each host.",
		"Neither destroy nor resume the VM {uuid} on either host.",
	},
	refusal.LockedMemory: {
		"QEMU may not lock as much memory on {host} as it needs, for RDMA or zero-copy (zero_copy = false needs none).",
		blank.lockedMemory(),
	},
	refusal.Denied: {
		"libvirt on {host} does not allow the call to this client.",
		"Use a connection that may migrate: not a read-only one, and with the polkit actions " +
			"org.libvirt.api.domain.migrate and org.libvirt.api.domain.start.",
	},
}
