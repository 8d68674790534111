package lab

import "libvirt.org/go/libvirtxml"

// UEFI makes a guest boot by UEFI firmware, with variables (NVRAM) in a file that libvirt keeps on the guest's host.
type UEFI struct{}

// NVRAM is the file of the guest's UEFI variables as hosts see it.
func (g *Guest) NVRAM() string { return "/var/lib/libvirt/qemu/nvram/" + g.Name + "_VARS.fd" }

func (UEFI) describe(_ *Guest, domain *libvirtxml.Domain) {
	domain.OS.Firmware = "efi"
	domain.OS.FirmwareInfo = &libvirtxml.DomainOSFirmwareInfo{
		Features: []libvirtxml.DomainOSFirmwareFeature{
			{Enabled: "no", Name: "enrolled-keys"}, {Enabled: "no", Name: "secure-boot"},
		},
	}
}
