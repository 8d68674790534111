package lab

import "libvirt.org/go/libvirtxml"

// domainXML is the guest's definition: a minimal emulated PC with a CPU that every host can run, and the parts of its
// spec.
func (g *Guest) domainXML() (string, error) {
	zero := uint(0)
	domain := &libvirtxml.Domain{
		Type:   "qemu",
		Name:   g.Name,
		UUID:   g.UUID,
		Memory: &libvirtxml.DomainMemory{Value: uint(g.Spec.MemoryMiB), Unit: "MiB"},
		VCPU:   &libvirtxml.DomainVCPU{Value: 1},
		OS:     &libvirtxml.DomainOS{Type: &libvirtxml.DomainOSType{Arch: "x86_64", Machine: g.Spec.Machine, Type: "hvm"}},
		CPU: &libvirtxml.DomainCPU{
			Mode: "custom", Match: "exact", Check: "none",
			Model: &libvirtxml.DomainCPUModel{Value: "qemu64", Fallback: "forbid"},
		},
		Features: &libvirtxml.DomainFeatureList{ACPI: &libvirtxml.DomainFeature{}},
		Devices: &libvirtxml.DomainDeviceList{
			Emulator:    g.Spec.Emulator,
			Controllers: []libvirtxml.DomainController{{Type: "usb", Index: &zero, Model: "none"}},
			MemBalloon:  &libvirtxml.DomainMemBalloon{Model: "none"},
		},
	}
	if !g.Spec.Bare {
		domain.OS.Kernel = g.world.Kernel
		domain.OS.Initrd = g.world.Initrd
		domain.OS.Cmdline = g.Spec.commandLine()
		// Appending keeps the console across a move: both QEMUs write to the same file.
		domain.Devices.Serials = []libvirtxml.DomainSerial{{
			Source: &libvirtxml.DomainChardevSource{
				File: &libvirtxml.DomainChardevSourceFile{Path: g.world.Console(g.Name), Append: "on"},
			},
			Target: &libvirtxml.DomainSerialTarget{Port: &zero},
		}}
	}
	if g.Spec.SleepAfter > 0 {
		domain.PM = &libvirtxml.DomainPM{SuspendToMem: &libvirtxml.DomainPMPolicy{Enabled: "yes"}}
	}
	for _, part := range g.Spec.Parts {
		part.describe(g, domain)
	}
	return domain.Marshal()
}
