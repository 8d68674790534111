package explain

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"

// refusalsOfTheDestination are about what the VM needs on its destination.
var refusalsOfTheDestination = map[refusal.Kind]refusalWords{
	refusal.NameTaken: {
		"{destination} has another VM of the name {vm}.",
		"libvirt's words have the UUID of that one. " + blank.name("UUID"),
	},
	refusal.AlreadyActive: {
		"libvirt on {destination} holds the VM already, running or being received.",
		"`virsh domstate --reason {uuid}` there says what it is.",
	},
	refusal.BridgeMissing: {
		"{destination} does not have the bridge that an interface of the VM is on.",
		named + blank.bridge("NAME"),
	},
	refusal.NetworkMissing: {
		"{destination} does not have the libvirt network that an interface of the VM is on.",
		named + blank.network("NAME"),
	},
	refusal.NetworkInactive: {
		"The libvirt network that an interface of the VM is on is not active on {destination}.",
		named + blank.inactiveNetwork("NAME"),
	},
	refusal.NetworkFilter: {
		"{destination} does not have the network filter (nwfilter) of an interface of the VM.",
		named + blank.networkFilter("NAME"),
	},
	refusal.Firewall: {
		"libvirt on {destination} cannot set its firewall up for an interface of the VM.",
		"See that nft or iptables is installed there, and the log of libvirt.",
	},
	refusal.TapDevice: {
		"libvirt on {destination} cannot make the network device (tap, macvtap, vhost) of an interface of the VM.",
		"See that /dev/net/tun and /dev/vhost-net are there (`modprobe tun vhost_net`), and that no other device has the " +
			"name.",
	},
	refusal.StorageMissing: {
		"{destination} does not have the file or device of a disk, a CD-ROM or another image of the VM.",
		named + blank.file("PATH", "TARGET", false),
	},
	refusal.StorageDenied: {
		"{destination} may not open a disk or another image of the VM.",
		"See the owner and the mode of the file and its directories there, root_squash of an NFS export, and AppArmor or " +
			"SELinux (virt_use_nfs).",
	},
	refusal.PoolMissing: {
		"{destination} does not have the storage pool of a disk of the VM.",
		named + blank.pool("NAME"),
	},
	refusal.PoolInactive: {
		"The storage pool of a disk of the VM is not active on {destination}.",
		named + blank.inactivePool("NAME"),
	},
	refusal.VolumeMissing: {
		"{destination} does not have the volume of a disk of the VM in its storage pool.",
		named + blank.volume("POOL"),
	},
	refusal.ImageLocked: {
		"Another process holds an image of the VM.",
		"`lsof IMAGE` on the hosts shows which: no other VM and no tool may use it. A lock on NFS needs its lock service.",
	},
	refusal.Space: {
		"A file system of {host} is full.",
		"`df` there shows which.",
	},
	refusal.DiskCopy: {
		"A disk of the VM cannot be copied to {destination} as it was asked for.",
		"libvirt's words name it. Create a volume of the same size there, or leave that disk out.",
	},
	refusal.EmulatorMissing: {
		"{destination} does not have the emulator (QEMU binary) of the VM at its path.",
		named + blank.emulator("PATH"),
	},
	refusal.MachineMissing: {
		"QEMU on {destination} does not have the VM's machine type.",
		"`virsh dumpxml {uuid} --xpath //os/type` on {source} names it. It is part of what the guest sees, and stays the " +
			"same in a move. " + blank.machineType(""),
	},
	refusal.AccelerationMissing: {
		"{destination} has no KVM, which the VM needs.",
		"Turn virtualisation on in its firmware and load the module (`modprobe kvm_intel` or `kvm_amd`). " +
			blank.accelerator(),
	},
	refusal.CPU: {
		"{destination} cannot give the guest the CPU that it has on {source}.",
		"libvirt's words name the features. " + blank.otherCPU(),
	},
	refusal.Memory: {
		"{host} cannot allocate the memory that the VM or its migration needs.",
		blank.memory(),
	},
	refusal.HugePages: {
		"{host} cannot give the VM its memory in huge pages: too few are free, or hugetlbfs is not mounted.",
		"`virsh freepages --all` on {host} shows what is free, and `findmnt -t hugetlbfs` what is mounted. " +
			blank.hugePages("SIZE", "COUNT"),
	},
	refusal.Placement: {
		"The VM is pinned to CPUs or NUMA nodes that {destination} does not have.",
		blank.pins(),
	},
	refusal.ListenAddress: {
		"A device of the VM (VNC, SPICE, a serial port or another one) is to listen on an address that {destination} does " +
			"not have.",
		"`virsh dumpxml {uuid}` on {source} shows which (<listen>, <source mode='bind'>). " + blank.listenAddress(),
	},
	refusal.MemoryAddress: {
		"{destination} does not have the address that its QEMU is to receive memory on.",
		"Correct the listen_address of {destination} in the provider's hosts. Where it has none, do this: " +
			"Set migration_address in /etc/libvirt/qemu.conf on {destination} to an address of that host, or take it out, and " +
			"restart libvirt there.",
	},
	refusal.PortTaken: {
		"A port that a device of the VM (VNC, SPICE, a serial port or another one) or its migration needs is in use on " +
			"{destination}.",
		"`ss -ltunp` on {host} shows by whom. A migration_uri without a port lets libvirt choose one. " + blank.port(),
	},
	refusal.GuestCID: {
		"Another VM on {destination} has the guest CID of the VM's vsock device.",
		"`virsh dumpxml {uuid} --xpath //vsock` on {source} shows it. " + blank.guestCID(),
	},
	refusal.PortsExhausted: {
		"libvirt on {destination} has no free port left in its range.",
		"Widen it in /etc/libvirt/qemu.conf there (migration_port_max for memory, remote_display_port_max for VNC and " +
			"SPICE), and restart libvirt.",
	},
	refusal.Firmware: {
		"{destination} does not have the VM's firmware (UEFI) image.",
		"`virsh dumpxml {uuid} --xpath //os` on {source} names it. " + blank.firmware("PATH", false),
	},
	refusal.NVRAM: {
		"{destination} cannot make or open the VM's NVRAM file (UEFI variables).",
		"`virsh dumpxml {uuid} --xpath //nvram` on {source} names it, and its template, which {host} must have, too. " +
			blank.directory("DIRECTORY"),
	},
	refusal.TPM: {
		"{host} cannot run the VM's emulated TPM, or not load its state.",
		"/var/log/swtpm/libvirt/qemu/{vm}-swtpm.log there says more. An encrypted state needs the same secret on both " +
			"hosts. " + blank.tpm(),
	},
	refusal.Secret: {
		"{destination} does not have a secret that the VM needs (an encrypted disk, Ceph, iSCSI or TPM).",
		named + blank.secret("UUID"),
	},
	refusal.DeviceMissing: {
		"{destination} does not have a device that the VM uses.",
		"`virsh nodedev-list` on {host} shows what it has. " + blank.hostDevice(),
	},
	refusal.SecurityModel: {
		"{destination} does not have the security driver (SELinux, AppArmor) of the VM's label.",
		blank.securityModel(),
	},
	refusal.LogDaemon: {
		"virtlogd does not run on {destination}, and libvirt there needs it for the VM's log (stdio_handler).",
		"`systemctl enable --now virtlogd.socket` there starts it.",
	},
	refusal.LockDaemon: {
		"virtlockd does not run on {destination}, and libvirt there needs it for locks on disks.",
		"`systemctl enable --now virtlockd.socket` there starts it.",
	},
	refusal.LockDriver: {
		"{source} and {destination} have different lock drivers.",
		"Set the same lock_manager in /etc/libvirt/qemu.conf on both, and restart libvirt.",
	},
	refusal.Hook: {
		"The hook script of {destination} refused the VM.",
		"It is /etc/libvirt/hooks/qemu there.",
	},
	refusal.GuestABI: {
		"The definition for {destination} would change what the guest sees of its machine, and it cannot change while the " +
			"guest runs.",
		"libvirt's words name it. Leave that change out, or make it with `virsh edit {uuid}` on {source}, and stop and " +
			"start the VM.",
	},
	refusal.Configuration: {
		"{host} does not support something in the VM's definition.",
		"libvirt's words name it. Upgrade libvirt and QEMU there, or change the VM with `virsh edit {uuid}` on " +
			"{source}, and stop and start it.",
	},
	refusal.Incoming: {
		"QEMU on {destination} could not load the state that QEMU on {source} sent.",
		"/var/log/libvirt/qemu/{vm}.log on {destination} names the device. The two must have the same machine type, " +
			"firmware and devices, and QEMU on {destination} must not be older.",
	},
	refusal.QEMUEnded: {
		"QEMU on {host} ended.",
		"/var/log/libvirt/qemu/{vm}.log there says why.",
	},
	refusal.NotPersistent: {
		"The VM arrived on {destination}, and its definition could not be kept there.",
		"`virsh dumpxml --security-info {uuid}` and `virsh define` there keep it.",
	},
}
