package refusal

import "testing"

// The messages are those of libvirt 11.3, where both hosts had one of their own.
func TestOfBothHosts(t *testing.T) {
	t.Parallel()
	const (
		terminated = "internal error: QEMU unexpectedly closed the monitor (vm='web'): 2026-11-26 07:24:59.771+0000: shutting down, " +
			"reason=failed 2026-11-26T07:24:59.771555Z qemu-system-x86_64: terminating on signal 15 from pid 83 (libvirtd)"
		lost = "operation failed: job 'migration out' failed: Unable to write to socket: Connection reset by peer"
	)
	for name, test := range map[string]struct {
		source, destination string
		want                Refusal
	}{
		"the source cannot connect":            {"operation failed: job 'migration out' failed: Failed to connect to '10.77.0.1:9': Connection refused", terminated, Refusal{MemoryUnreachable, Destination}},
		"the destination cannot load":          {lost, "operation failed: job 'migration in' failed: load of migration failed: Invalid argument", Refusal{Incoming, Destination}},
		"QEMU ended there":                     {lost, terminated, Refusal{MemoryLost, Source}},
		"libvirt ended the destination's QEMU": {"operation failed: job 'migration out' failed: quite new", terminated, Refusal{}},
		"the destination's QEMU crashed":       {lost, "internal error: QEMU unexpectedly closed the monitor (vm='web'): qemu-system-x86_64: ../hw/core.c:7: f: Assertion `x' failed.", Refusal{QEMUEnded, Destination}},
		"no space there":                       {lost, "operation failed: job 'migration in' failed: No space left on device", Refusal{Space, Destination}},
		"no space for the copy of a disk":      {"operation failed: migration of disk vda failed: No space left on device", terminated, Refusal{Space, Destination}},
		"no space on the source":               {"operation failed: job 'migration out' failed: No space left on device", terminated, Refusal{Space, Source}},
		"TLSDEST":                              {"operation failed: job 'migration out' failed: Certificate does not match the hostname kvm2", "operation failed: job 'migration in' failed: load of migration failed: Invalid argument", Refusal{CertificateName, Destination}},
		"a bridge there":                       {lost, "Cannot get interface MTU on 'br7': No such device", Refusal{BridgeMissing, Destination}},
		"a network there":                      {lost, "Requested operation is not valid: network 'lan' is not active", Refusal{NetworkInactive, Destination}},
		"a lock there":                         {lost, "internal error: QEMU unexpectedly closed the monitor (vm='web'): Failed to get \"write\" lock", Refusal{ImageLocked, Destination}},
		"neither":                              {"internal error: quite new", "internal error: quite new", Refusal{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message := "operation failed: " + sourcePart + test.source + "." + destinationPart + test.destination
			if got := Of(int(fromQEMU), int(operationFailed), message); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
