package preflight

import (
	"fmt"
	"slices"

	"libvirt.org/go/libvirtxml"
)

// belongings notes what the guest needs of a host beside devices.
func (g *Guest) belongings(d *libvirtxml.Domain) {
	if d.VCPU != nil {
		g.CPUPins = pin(g.CPUPins, "vcpus", d.VCPU.CPUSet)
	}
	if tune := d.CPUTune; tune != nil {
		for _, p := range tune.VCPUPin {
			g.CPUPins = pin(g.CPUPins, fmt.Sprintf("vcpu %d", p.VCPU), p.CPUSet)
		}
		if tune.EmulatorPin != nil {
			g.CPUPins = pin(g.CPUPins, "emulator", tune.EmulatorPin.CPUSet)
		}
		for _, p := range tune.IOThreadPin {
			g.CPUPins = pin(g.CPUPins, fmt.Sprintf("iothread %d", p.IOThread), p.CPUSet)
		}
	}
	if tune := d.NUMATune; tune != nil {
		if tune.Memory != nil {
			g.NodePins = pin(g.NodePins, "memory", tune.Memory.Nodeset)
		}
		for _, node := range tune.MemNodes {
			g.NodePins = pin(g.NodePins, fmt.Sprintf("memory of cell %d", node.CellID), node.Nodeset)
		}
	}
	for _, label := range d.SecLabel {
		if label.Type != "none" {
			g.securityModel(label.Model)
		}
	}
	g.deviceLabels(d.Devices)
	for _, disk := range d.Devices.Disks {
		g.secretsOf(disk)
	}
	for _, tpm := range d.Devices.TPMs {
		if b := tpm.Backend; b != nil && b.Emulator != nil && b.Emulator.Encryption != nil {
			g.Secrets = append(g.Secrets, SecretUse{Device: "tpm", UUID: b.Emulator.Encryption.Secret})
		}
	}
}

func (g *Guest) securityModel(model string) {
	if model != "" && model != "none" && !slices.Contains(g.SecurityModels, model) {
		g.SecurityModels = append(g.SecurityModels, model)
	}
}

// deviceLabels notes the security models of labels that disks and character devices have of their own.
func (g *Guest) deviceLabels(devices *libvirtxml.DomainDeviceList) {
	note := func(labels []libvirtxml.DomainDeviceSecLabel) {
		for _, label := range labels {
			g.securityModel(label.Model)
		}
	}
	image := func(s *libvirtxml.DomainDiskSource) {
		switch {
		case s == nil:
		case s.File != nil:
			note(s.File.SecLabel)
		case s.Block != nil:
			note(s.Block.SecLabel)
		}
	}
	for _, disk := range devices.Disks {
		image(disk.Source)
		for b := disk.BackingStore; b != nil; b = b.BackingStore {
			image(b.Source)
		}
	}
	character := func(s *libvirtxml.DomainChardevSource) {
		switch {
		case s == nil:
		case s.Dev != nil:
			note(s.Dev.SecLabel)
		case s.File != nil:
			note(s.File.SecLabel)
		case s.Pipe != nil:
			note(s.Pipe.SecLabel)
		case s.UNIX != nil:
			note(s.UNIX.SecLabel)
		case s.Pty != nil:
			note(s.Pty.SecLabel)
		}
	}
	for _, d := range devices.Serials {
		character(d.Source)
	}
	for _, d := range devices.Parallels {
		character(d.Source)
	}
	for _, d := range devices.Consoles {
		character(d.Source)
	}
	for _, d := range devices.Channels {
		character(d.Source)
	}
}

func pin(pins []Pin, what, set string) []Pin {
	if set == "" {
		return pins
	}
	return append(pins, Pin{what, set})
}

// secretsOf notes the secrets of a disk and of the images below it.
func (g *Guest) secretsOf(d libvirtxml.DomainDisk) {
	device := diskOf(d).name()
	auth := func(a *libvirtxml.DomainDiskAuth) {
		if a != nil && a.Secret != nil {
			g.Secrets = append(g.Secrets, SecretUse{device, a.Secret.UUID, a.Secret.Usage})
		}
	}
	encryption := func(e *libvirtxml.DomainDiskEncryption) {
		if e != nil {
			for _, s := range e.Secrets {
				g.Secrets = append(g.Secrets, SecretUse{device, s.UUID, s.Usage})
			}
		}
	}
	auth(d.Auth)
	encryption(d.Encryption)
	sources := []*libvirtxml.DomainDiskSource{d.Source}
	for b := d.BackingStore; b != nil; b = b.BackingStore {
		sources = append(sources, b.Source)
	}
	for _, s := range sources {
		if s == nil {
			continue
		}
		encryption(s.Encryption)
		if s.Network != nil {
			auth(s.Network.Auth)
		}
	}
}
