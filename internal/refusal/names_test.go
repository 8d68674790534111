package refusal

import (
	"strings"
	"testing"
)

// The words of the table are no refusal where a VM, a host, a path or a network is called so.
func TestNamesAreNotWords(t *testing.T) {
	t.Parallel()
	const blockdev = `QEMU unexpectedly closed the monitor (vm='NAME'): qemu-system-x86_64: -blockdev ` +
		`{"driver":"file","filename":"/srv/NAME/a.qcow2","node-name":"libvirt-1-storage","read-only":false}: `
	messages := []struct {
		domain  Domain
		code    Code
		message string
		want    Kind
	}{
		{20, operationFailed, "operation failed: domain 'NAME' already exists with uuid 7a5b1c7e-0000-4000-8000-000000000009", NameTaken},
		{fromQEMU, operationInvalid, "Requested operation is not valid: another migration job is already running for domain 'NAME'", Busy},
		{fromQEMU, operationInvalid, "Requested operation is not valid: migration of domain NAME is being actively monitored by another thread", Busy},
		{fromStorage, systemError, "Cannot access storage file '/srv/NAME/a.qcow2': No such file or directory", StorageMissing},
		{fromStorage, systemError, "Cannot access backing file '/srv/NAME/b' of storage file '/srv/NAME/a.qcow2' (as uid:64055, gid:64055): Permission denied", StorageDenied},
		{fromQEMU, internalError, "internal error: " + blockdev + "Could not open '/srv/NAME/a.qcow2': No such file or directory", StorageMissing},
		{fromQEMU, internalError, "internal error: " + blockdev + "Could not open '/srv/NAME/a.qcow2': Permission denied", StorageDenied},
		{fromQEMU, internalError, "internal error: process exited while connecting to monitor: qemu-system-x86_64: -fw_cfg name=opt/NAME,file=/srv/NAME/x.ign: can't load /srv/NAME/x.ign: Failed to open file “/srv/NAME/x.ign”: No such file or directory", StorageMissing},
		{fromQEMU, internalError, "internal error: " + blockdev + "Failed to get \"write\" lock\nIs another process using the image [/srv/NAME/a.qcow2]?", ImageLocked},
		{fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='NAME')", QEMUEnded},
		{fromQEMU, systemError, "Cannot check QEMU binary /opt/NAME/qemu-system-x86_64: No such file or directory", EmulatorMissing},
		{fromRPC, systemError, "unable to connect to server at 'NAME:49152': Connection refused", MemoryUnreachable},
		{fromRPC, systemError, "Unable to resolve address 'NAME' service '49152': Name or service not known", MemoryUnreachable},
		{fromQEMU, operationFailed, "operation failed: job 'migration out' failed: Certificate does not match the hostname NAME", CertificateName},
		{fromNone, systemError, "Cannot get interface MTU on 'NAME': No such device", BridgeMissing},
		{fromNone, systemError, "Unable to add bridge NAME port vnet0: No such device", BridgeMissing},
		{fromNetwork, noNetwork, "Network not found: no network with matching name 'NAME'", NetworkMissing},
		{fromNetwork, operationInvalid, "Requested operation is not valid: network 'NAME' is not active", NetworkInactive},
		{fromStorage, noStoragePool, "Storage pool not found: no storage pool with matching name 'NAME'", PoolMissing},
		{fromQEMU, operationFailed, "operation failed: unable to find any master var store for loader: /srv/NAME/CODE.fd", NVRAM},
	}
	for _, r := range table {
		for _, w := range r.words {
			// A name with a quote of its own can still look like words.
			name := strings.TrimSpace(strings.NewReplacer("'", "", `"`, "").Replace(w))
			for _, m := range messages {
				message := strings.ReplaceAll(m.message, "NAME", name)
				if got := Of(int(m.domain), int(m.code), message); got.Kind != m.want {
					t.Errorf("%s: got %q, want %q", message, got.Kind, m.want)
				}
			}
		}
	}
}

func TestUnquoted(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"domain 'web' exists":               "domain '' exists",
		"(vm='it's'): the host doesn't":     "(vm=''): the host doesn't",
		`{"driver":"file","read-only":no}`:  `{"":"","":no}`,
		"cut off at '/srv/a":                "cut off at '/srv/a",
		"'a' 'b'":                           "'' ''",
		"doesn't match specification: 'é'é": "doesn't match specification: 'é'é",
	} {
		if got := unquoted(message); got != want {
			t.Errorf("%s: got %s, want %s", message, got, want)
		}
	}
}

// What libvirt 9.0 to 12.8 and QEMU 10.0 say of firmware, TPM, pinning, devices and helpers, as in their sources.
func TestWordsInQuotes(t *testing.T) {
	t.Parallel()
	const pflash = `internal error: QEMU unexpectedly closed the monitor (vm='web'): qemu-system-x86_64: -blockdev ` +
		`{"driver":"file","filename":"/usr/share/OVMF/X.fd","node-name":"libvirt-pflash%-storage"}: Could not open '/usr/share/OVMF/X.fd': No such file or directory`
	for _, c := range []struct {
		domain  Domain
		code    Code
		message string
		want    Kind
	}{
		{fromQEMU, internalError, strings.ReplaceAll(pflash, "%", "0"), Firmware},
		{fromQEMU, internalError, strings.ReplaceAll(pflash, "%", "1"), NVRAM},
		{fromQEMU, operationFailed, "operation failed: Unable to find 'efi' firmware that is compatible with the current configuration", Firmware},
		{fromQEMU, systemError, "Failed to open file '/usr/share/OVMF/OVMF_VARS_4M.fd': No such file or directory", NVRAM},
		{fromNone, systemError, "Failed to create file '/var/lib/libvirt/qemu/nvram/web_VARS.fd.new': No such file or directory", NVRAM},
		{fromNone, systemError, "Unable to find 'swtpm_setup' binary in $PATH: No such file or directory", TPM},
		{fromNone, internalError, "internal error: Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log '/var/log/swtpm/libvirt/qemu/web-swtpm.log' for details.", TPM},
		{fromNone, internalError, "internal error: Could not run '/usr/bin/swtpm_setup --reconfigure'. exitstatus: 1; Check error log '/var/log/a.log' for details.", TPM},
		{fromNone, operationFailed, "operation failed: swtpm died and reported: no state", TPM},
		{fromNone, operationTimeout, "Timed out during operation: swtpm socket did not show up", TPM},
		{fromNone, systemError, `Unable to write to '/sys/fs/cgroup/machine.slice/machine-qemu\x2d1\x2dweb.scope/libvirt/cpuset.mems': Invalid argument`, Placement},
		{fromRPC, systemError, "Failed to connect socket to '/run/libvirt/virtlockd-sock': No such file or directory", LockDaemon},
		{fromQEMU, internalError, "internal error: Source host lock driver lockd different from target nop", LockDriver},
		{fromSecurity, configUnsupported, "unsupported configuration: Security driver model 'selinux' is not available", SecurityModel},
		{fromQEMU, systemError, "Unable to open '/dev/vhost-vdpa-0' for vdpa device: No such file or directory", TapDevice},
		{fromQEMU, configUnsupported, "unsupported configuration: unable to open vhost-vsock device", TapDevice},
		{fromQEMU, systemError, "unable to open vhost-vsock device: No such file or directory", TapDevice},
		{fromQEMU, operationFailed, "operation failed: Unable to find any firmware to satisfy 'efi'", Firmware},
		{fromQEMU, operationUnsupported, "Operation not supported: migration with this virtiofs device is not supported", HostFilesystem},
		{fromQEMU, operationInvalid, "Requested operation is not valid: migration with virtiofs device is not supported", HostFilesystem},
		{fromQEMU, configUnsupported, "unsupported configuration: Domain requires KVM, but it is not available. Check that virtualization is enabled in the host BIOS", AccelerationMissing},
		{fromQEMU, internalError, "internal error: End of file from qemu monitor (vm='web')", QEMUEnded},
		{fromQEMU, internalError, "internal error: guest unexpectedly quit", NotRunning},
		{fromNone, internalError, "internal error: Did not find USB device 1d6b:0002", DeviceMissing},
		{fromNone, internalError, "internal error: Did not find matching USB device: vid:1d6b, pid:0002, bus:1, device:2, port:1", DeviceMissing},
		{fromURI, internalError, "internal error: Unable to parse URI tcp://[fd00::2]:", MigrationURI},
		{fromLockSpace, resourceBusy, "resource busy: Lockspace resource '/srv/a.raw' is locked", ImageLocked},
		{fromDomain, configUnsupported, "unsupported configuration: storage pool 'fast' containing volume 'web' is not active", PoolInactive},
		{fromStorage, operationInvalid, "Requested operation is not valid: storage pool 'fast' is not active", PoolInactive},
		{fromNone, configUnsupported, "unsupported configuration: NUMA node 3 is unavailable", Placement},
		{fromRPC, authFailed, "authentication failed: Failed to verify peer's certificate", PeerUnreachable},
		{fromQEMU, internalError, "internal error: QEMU unexpectedly closed the monitor (vm='web'): Failed to get shared \"write\" lock", ImageLocked},
	} {
		if got := Of(int(c.domain), int(c.code), c.message); got.Kind != c.want {
			t.Errorf("%s: got %q, want %q", c.message, got.Kind, c.want)
		}
	}
}
