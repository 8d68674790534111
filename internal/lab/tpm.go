package lab

import "libvirt.org/go/libvirtxml"

// TPM is an emulated TPM 2.0. Its emulator (swtpm) runs beside QEMU, and keeps the state on the guest's host.
type TPM struct{}

func (TPM) describe(_ *Guest, domain *libvirtxml.Domain) {
	domain.Devices.TPMs = append(domain.Devices.TPMs, libvirtxml.DomainTPM{
		Model:   "tpm-crb",
		Backend: &libvirtxml.DomainTPMBackend{Emulator: &libvirtxml.DomainTPMBackendEmulator{Version: "2.0"}},
	})
}
