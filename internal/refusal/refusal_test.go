package refusal

import (
	"slices"
	"testing"
)

// The messages are those of libvirt 11.3 and QEMU 10.0, each as it was seen or as it
// stands in their sources. Those in capitals are cases that were tried on real hosts.
func TestOf(t *testing.T) {
	t.Parallel()
	const unknown Domain = 99
	for name, test := range map[string]struct {
		domain  Domain
		code    Code
		message string
		want    Refusal
	}{
		"SNAPSHOT":               {fromQEMU, operationInvalid, "Requested operation is not valid: cannot migrate domain with 1 snapshots", Refusal{Snapshots, Source}},
		"LOCALDISK":              {fromQEMU, migrateUnsafe, "Unsafe migration: Migration without shared storage is unsafe", Refusal{UnsharedStorage, Source}},
		"disk cache":             {fromQEMU, migrateUnsafe, "Unsafe migration: Migration may lead to data corruption if disks use cache other than none or directsync", Refusal{DiskCache, Source}},
		"LOCALHOST":              {fromQEMU, internalError, "internal error: hostname on destination resolved to localhost, but migration requires an FQDN", Refusal{LocalHostname, Destination}},
		"SHMEM":                  {fromQEMU, operationInvalid, "Requested operation is not valid: cannot migrate domain: Migration is disabled when using feature 'peer mode' in device 'ivshmem'", Refusal{SharedMemory, Source}},
		"SHMEM role":             {fromQEMU, operationInvalid, "Requested operation is not valid: shmem device 'mine' cannot be migrated, only shmem with role='master' can be migrated", Refusal{SharedMemory, Source}},
		"BLOCKJOB":               {fromQEMU, operationInvalid, "Requested operation is not valid: domain has active block job", Refusal{BlockJob, Source}},
		"VNCLISTEN":              {fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web'): qemu-system-x86_64: -vnc 10.0.0.9:0: Failed to bind socket: Cannot assign requested address", Refusal{ListenAddress, Destination}},
		"NAMECLASH":              {20, operationFailed, "operation failed: domain 'web' already exists with uuid 7a5b1c7e-0000-4000-8000-000000000009", Refusal{NameTaken, Destination}},
		"EMULATOR":               {fromQEMU, systemError, "Cannot check QEMU binary /opt/qemu/bin/qemu: No such file or directory", Refusal{EmulatorMissing, Destination}},
		"UFFD":                   {fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not supported: Userfaultfd not available: Operation not permitted", Refusal{Userfaultfd, Teller}},
		"TLSDEST":                {fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Certificate does not match the hostname 10.88.0.2", Refusal{CertificateName, Destination}},
		"BRIDGE":                 {fromNone, systemError, "Cannot get interface MTU on 'br7': No such device", Refusal{BridgeMissing, Destination}},
		"MISSINGFILE":            {fromStorage, systemError, "Cannot access storage file '/shared/web.qcow2': No such file or directory", Refusal{StorageMissing, Destination}},
		"an Ignition file":       {fromQEMU, internalError, "internal error: process exited while connecting to monitor: qemu-system-x86_64: -fw_cfg name=opt/com.coreos/config,file=/srv/x.ign: can't load /srv/x.ign: Failed to open file “/srv/x.ign”: No such file or directory", Refusal{StorageMissing, Destination}},
		"a secret Ignition file": {fromQEMU, internalError, "internal error: process exited while connecting to monitor: qemu-system-x86_64: -fw_cfg name=opt/com.coreos/config,file=/srv/x.ign: can't load /srv/x.ign: Failed to open file “/srv/x.ign”: Permission denied", Refusal{StorageDenied, Destination}},
		"a file there":           {fromStorage, systemError, "Cannot access storage file '/shared/web.qcow2': Permission denied", Refusal{StorageDenied, Destination}},
		"PASSTHROUGH":            {fromCPU, operationFailed, "operation failed: guest CPU doesn't match specification: missing features: avx512f", Refusal{CPU, Destination}},
		"FIXEDPORT":              {fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-incoming': Failed to find an available port: Address already in use", Refusal{PortTaken, Destination}},
		"VIRTLOGD":               {fromRPC, systemError, "Failed to connect socket to '/run/libvirt/virtlogd-sock': No such file or directory", Refusal{LogDaemon, Destination}},
		"LIBVIRTD":               {fromRPC, internalError, "internal error: client socket is closed", Refusal{PeerLost, Destination}},
		"NETWORK":                {fromNetwork, noNetwork, "Network not found: no network with matching name 'lan'", Refusal{NetworkMissing, Destination}},
		"inactive net":           {fromNetwork, operationInvalid, "Requested operation is not valid: network 'lan' is not active", Refusal{NetworkInactive, Destination}},
		"TLSPEER":                {fromRPC, systemError, "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory", Refusal{PeerUnreachable, Source}},
		"peer's login":           {fromRPC, authFailed, "authentication failed: authentication failed", Refusal{PeerLogin, Destination}},
		"CID":                    {fromNone, systemError, "failed to set guest cid: Address already in use", Refusal{GuestCID, Destination}},
		"CID of QEMU":            {fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web'): -device vhost-vsock-pci: vhost-vsock: unable to set guest cid: Address already in use", Refusal{GuestCID, Destination}},
		"same UUID":              {fromQEMU, internalError, "internal error: Attempt to migrate guest to the same host 00000000-0000-0000-0000-000000000001", Refusal{SameHost, Destination}},
		"encryption":             {fromQEMU, operationInvalid, "Requested operation is not valid: this libvirtd instance allows migration only with VIR_MIGRATE_TLS flag", Refusal{EncryptionForced, Teller}},
		"machine type":           {fromQEMU, configUnsupported, "unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support machine type 'pc-q35-99.0'", Refusal{MachineMissing, Destination}},
		"hugepages":              {fromQEMU, internalError, "internal error: Unable to find any usable hugetlbfs mount for 2048 KiB", Refusal{HugePages, Teller}},
		"volume":                 {fromStorage, noStorageVol, "Storage volume not found: no storage vol with matching name 'web'", Refusal{VolumeMissing, Destination}},
		"a secret":               {30, noSecret, "Secret not found: no secret with matching uuid", Refusal{Secret, Destination}},
		"passthrough":            {fromQEMU, operationInvalid, "Requested operation is not valid: cannot migrate domain: 0000:03:00.0: VFIO migration is not supported in kernel", Refusal{HostDevice, Source}},
		"another one":            {fromQEMU, operationInvalid, "Requested operation is not valid: cannot migrate domain: something quite new", Refusal{Blocker, Source}},
		"no domain":              {fromQEMU, noDomain, "Domain not found: no domain with matching name 'web'", Refusal{NoDomain, Teller}},
		"code alone":             {unknown, configUnsupported, "unsupported configuration: anything", Refusal{Configuration, Teller}},
		"full by a copy":         {fromQEMU, operationFailed, "operation failed: migration of disk vda failed: No space left on device", Refusal{Space, Destination}},
		"full":                   {fromQEMU, operationFailed, "operation failed: job 'migration out' failed: No space left on device", Refusal{Space, Teller}},
		"memory":                 {fromNone, systemError, "unable to fork: Cannot allocate memory", Refusal{Memory, Teller}},
		"TPM":                    {fromNone, internalError, "internal error: swtpm died unexpectedly", Refusal{TPM, Teller}},
		"QEMU ended":             {fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web')", Refusal{QEMUEnded, Teller}},
		"nothing":                {unknown, internalError, "internal error: something else", Refusal{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Of(int(test.domain), int(test.code), test.message); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// Every reason for which QEMU 10.0 blocks migrations is told as more than a blocker, but
// those that are nobody's configuration.
func TestQEMUsBlockers(t *testing.T) {
	t.Parallel()
	plain := 0
	for _, reason := range []string{
		"virtio-gpu does not support migration",
		"0000:03:00.0: VFIO migration is not supported in kernel",
		"0000:03:00.0: Migration is currently not supported with vIOMMU enabled",
		"Multiple VFIO devices migration is supported only if all of them support P2P migration",
		"Migration is disabled when VirtFS export path '/srv' is mounted in the guest using mount_tag 'srv'",
		"Migration is disabled when using feature 'peer mode' in device 'ivshmem'",
		"Migration disabled: TPM emulator does not support migration",
		"Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.",
		"Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.",
		"vhost-scsi does not support migration in all cases.",
		"Migration disabled: failed to allocate shared memory",
		"State blocked by non-migratable CPU device (invtsc flag)",
		"State blocked by non-migratable device '0000:00:05.0/nvme'",
		"SEV: Migration is not implemented",
		"SEV-SNP: Migration is not implemented",
		"The qcow format used by node '#block123' does not support live migration",
		"The vmdk format used by node '#block123' does not support live migration",
		"The vdi format used by node '#block123' does not support live migration",
		"The vvfat (rw) format used by node '#block123' does not support live migration",
		"The vdagent chardev doesn't yet support migration",
		"virgl is not yet migratable",
		"TCG plugin time control does not support migration",
		"Live migration disabled: dump-guest-memory in progress",
		"'hv-no-nonarch-coresharing=auto' CPU flag prevents migration use explicit 'hv-no-nonarch-coresharing=on' instead",
	} {
		got := Of(int(fromQEMU), int(operationInvalid), "Requested operation is not valid: cannot migrate domain: "+reason)
		switch {
		case got.Party != Source || got.Kind == Unknown:
			t.Errorf("%s: %+v", reason, got)
		case got.Kind == Blocker:
			plain++
		}
	}
	if plain > 3 {
		t.Errorf("%d reasons are told as a blocker only", plain)
	}
}

// Words alone tell only what several parts of libvirt pass on of the system or of a helper, with a code of their own.
func TestRowsHaveDomainOrCode(t *testing.T) {
	t.Parallel()
	var alone []string
	for _, r := range table {
		if r.domain == anywhere && r.code == anyCode {
			alone = append(alone, r.words...)
		}
	}
	want := []string{
		"No space left on device", "Cannot allocate memory", "Cannot assign requested address", "Address already in use",
		"swtpm ", "connect to virtlogd",
	}
	if !slices.Equal(alone, want) {
		t.Errorf("these rows have neither a domain nor a code: %q, want %q", alone, want)
	}
}

// A row that stands behind one that fits all it fits is never reached.
func TestRowsAreReached(t *testing.T) {
	t.Parallel()
	for i, r := range table {
		message := ""
		for _, w := range r.words {
			message += w + " "
		}
		domain, code := r.domain, r.code
		if domain == anywhere {
			domain = 99
		}
		if code == anyCode {
			code = 999
		}
		if first := slices.IndexFunc(table, func(r row) bool { return r.fits(domain, code, newText(message)) }); first != i {
			t.Errorf("row %d (%v, %s) is covered by row %d (%v, %s)", i, r.words, r.kind, first, table[first].words, table[first].kind)
		}
	}
}
