package refusal

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// checklist are the refusals that tp-libvirt, libvirt's own test suite, expects of libvirt
// and QEMU in its migration configurations, without what virsh itself refuses.
var checklist = []struct {
	domain  Domain
	code    Code
	message string
	want    Kind
}{
	{fromQEMU, invalidArg, "invalid argument: Turn parallel migration on to tune it", Incompatible},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-set-parameters': Parameter 'multifd-channels' expects uint8_t", Unsupported},
	{fromQEMU, invalidArg, "invalid argument: Compression method 'xbzrle' isn't supported with parallel migration", Incompatible},
	{fromQEMU, migrateUnsafe, "Unsafe migration: Migration may lead to data corruption if disks use cache other than none or directsync", DiskCache},
	{fromQEMU, operationFailed, "operation failed: job 'migration in' failed: tpm-emulator: Setting the stateblob (type 1) failed with a TPM error 0x21 decryption error", TPM},
	{fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web')", QEMUEnded},
	{fromQEMU, operationFailed, "operation failed: domain is not running", NotRunning},
	{fromQEMU, noDomain, "Domain not found: no domain with matching uuid '7a5b1c7e-0000-4000-8000-000000000001'", NoDomain},
	{fromQEMU, operationFailed, "operation failed: Lost connection to destination host", PeerLost},
	{fromRPC, internalError, "internal error: client socket is closed", PeerLost},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' unexpectedly failed", MemoryLost},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Certificate does not match the hostname kvm2", CertificateName},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Cannot write to TLS channel: Input/output error", Untrusted},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Cannot read from TLS channel: Input/output error", Untrusted},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'object-add': Unable to access credentials /etc/pki/qemu/server-cert.pem: No such file or directory", NoCertificate},
	{fromQEMU, operationInvalid, "Requested operation is not valid: zero-copy is only available for parallel migration", Incompatible},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Zero copy send feature not detected in host kernel", Unsupported},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Requested Zero Copy feature is not available: Invalid argument", Unsupported},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-set-parameters': Zero copy only available for non-compressed non-TLS multifd migration", Incompatible},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-set-capabilities': Multifd is not compatible with compress", Incompatible},
	{fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web'): unable to map backing store for guest RAM: Cannot allocate memory", HugePages},
	{fromRPC, systemError, "unable to connect to server at 'kvm2:49152': Connection refused", MemoryUnreachable},
	{fromRPC, systemError, "unable to connect to server at '192.168.10.1:49152': Connection timed out", MemoryUnreachable},
	{fromRPC, systemError, "Unable to resolve address 'kvm2' service '49152': Name or service not known", MemoryUnreachable},
	{fromRPC, systemError, "Cannot recv data: ssh: Could not resolve hostname kvm2: Name or service not known: Connection reset by peer", PeerUnreachable},
	{13, invalidArg, "invalid argument: remote_open: transport in URL not recognised (should be tls|unix|ssh|ext|tcp|libssh2)", PeerUnreachable},
	{fromQEMU, operationAborted, "operation aborted: job 'migration out' canceled by client", Aborted},
	{fromQEMU, operationInvalid, "Requested operation is not valid: this libvirtd instance allows migration only with VIR_MIGRATE_TLS flag", EncryptionForced},
	{fromRPC, systemError, "End of file while reading data: Input/output error", PeerLost},
	{fromNone, systemError, "cannot get interface flags on macvtap tap: File descriptor in bad state", TapDevice},
	{fromQEMU, internalError, "internal error: hostname on destination resolved to localhost, but migration requires an FQDN", LocalHostname},
	{fromQEMU, internalError, "internal error: Attempt to migrate guest to the same host 00000000-0000-0000-0000-000000000001", SameHost},
	{fromQEMU, operationInvalid, "Requested operation is not valid: another migration job is already running for domain 'web'", Busy},
	{fromQEMU, operationInvalid, "Requested operation is not valid: migration of domain web is being actively monitored by another thread", Busy},
	{fromNone, operationTimeout, "Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainMigratePrepare3Params)", Busy},
	{fromCPU, operationFailed, "operation failed: guest CPU doesn't match specification: missing features: vmx", CPU},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-incoming': Failed to bind socket: Cannot assign requested address", MemoryAddress},
	{fromQEMU, operationFailed, "operation failed: job 'migration in' failed in post-copy phase", PostCopyFailed},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Unable to read from socket: Connection reset by peer", MemoryLost},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Unable to write to socket: Bad file descriptor", MemoryLost},
	{fromQEMU, operationInvalid, "Requested operation is not valid: domain 'web' is not processing incoming migration", QEMUEnded},
	{fromQEMU, operationFailed, "operation failed: domain is no longer running", NotRunning},
	{fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web'): load of migration failed: Input/output error", Incoming},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed due to I/O error", DiskError},
	{fromQEMU, operationInvalid, "Requested operation is not valid: domain is not running", NotRunning},
	{fromQEMU, operationInvalid, "Requested operation is not valid: cannot start RDMA migration with no memory hard limit set", LockedMemory},
	{fromQEMU, argumentUnsupported, "argument unsupported: post-copy migration is not supported with non-live or paused migration", Incompatible},
	{fromQEMU, invalidArg, "invalid argument: Compression method 'mt' isn't supported with parallel migration", Incompatible},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-set-parameters': Parameter 'multifd_channels' expects a value between 1 and 255", Unsupported},
	{fromQEMU, internalError, "internal error: unable to execute QEMU command 'migrate-set-parameters': Parameter 'xbzrle_cache_size' expects a power of two no less than the target page size", Unsupported},
	{fromQEMU, overflow, "numerical overflow: bandwidth must be less than 8796093022208", Unsupported},
	{fromDomain, configUnsupported, "unsupported configuration: Target network card MTU 6000 does not match source 5000", GuestABI},
	{fromDomain, configUnsupported, "unsupported configuration: Target device PCI address 0000:00:1b.7 does not match source 0000:00:05.0", GuestABI},
	{fromQEMU, internalError, "internal error: Unable to find an unused port in range 'migration' (49333-49334)", PortsExhausted},
	{fromRPC, systemError, "Failed to connect socket to '/tmp/desturi-socket': Connection refused", PeerUnreachable},
	{fromRPC, internalError, "internal error: connection closed due to keepalive timeout", PeerLost},
	{fromRPC, systemError, "unable to connect to server at '10.5.6.7:49152': No route to host", MemoryUnreachable},
	// Of the configurations beside them that copy disks.
	{fromQEMU, operationFailed, "operation failed: migration of disk vda failed: Source and target image have different sizes", DiskCopy},
	{fromQEMU, operationFailed, "operation failed: migration of disk vda failed: No space left on device", Space},
	{fromQEMU, operationUnsupported, "Operation not supported: pre-creation of storage target for incremental storage migration of disk 'vda' is not supported", DiskCopy},
	{fromQEMU, operationUnsupported, "Operation not supported: Cannot migrate empty or read-only disk vdd", DiskCopy},
	{fromQEMU, invalidArg, "invalid argument: disk target aaa not found", DiskCopy},
	{fromQEMU, migrateUnsafe, "Unsafe migration: Migration without shared storage is unsafe", UnsharedStorage},
	{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Cannot read from TLS channel: Software caused connection abort", Untrusted},
	// Refusals of orders that are never given: to recover or to pause what is not in post-copy, to tunnel, to ask the
	// destination for the source's figures.
	{13, invalidArg, "invalid argument: Flags 'VIR_MIGRATE_TUNNELLED' and 'VIR_MIGRATE_PARALLEL' are mutually exclusive", Unknown},
	{fromQEMU, operationUnsupported, "Operation not supported: migration statistics are available only on the source host", Unknown},
	{fromQEMU, operationInvalid, "Requested operation is not valid: domain 'web' is not being migrated", Unknown},
	{fromQEMU, operationInvalid, "Requested operation is not valid: cannot abort migration in post-copy mode", Unknown},
	{fromQEMU, operationInvalid, "Requested operation is not valid: current job is not outgoing migration in post-copy mode", Unknown},
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	known := 0
	for _, c := range checklist {
		got := Of(int(c.domain), int(c.code), c.message)
		if got.Kind != c.want {
			t.Errorf("%s: got %q, want %q", c.message, got.Kind, c.want)
		}
		if got.Kind != Unknown {
			known++
		}
	}
	guide, err := os.ReadFile("../../templates/guides/moving-vms.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("knows %d of the %d refusals", known, len(checklist))
	if text := strings.Join(strings.Fields(string(guide)), " "); !strings.Contains(text, want) {
		t.Errorf("the guide does not say that the table %s", want)
	}
}
