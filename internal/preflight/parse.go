package preflight

import (
	"encoding/xml"
	"fmt"
	"path"

	"libvirt.org/go/libvirtxml"
)

// Parse reads what a destination must have out of a domain's migratable definition.
func Parse(definition string) (*Guest, error) {
	var d libvirtxml.Domain
	if err := d.Unmarshal(definition); err != nil {
		return nil, fmt.Errorf("the definition cannot be parsed: %w", err)
	}
	if d.Devices == nil {
		d.Devices = &libvirtxml.DomainDeviceList{}
	}
	g := &Guest{VirtType: d.Type, Emulator: d.Devices.Emulator}
	g.firmware(d.OS)
	if err := g.cpu(d.CPU); err != nil {
		return nil, err
	}
	g.clock(d.Clock)
	g.memory(d.MemoryBacking, d.Devices.Memorydevs)
	if tune := d.MemoryTune; tune != nil && tune.HardLimit != nil {
		g.HardLimitKiB = kib(tune.HardLimit.Value, tune.HardLimit.Unit)
	}
	for _, disk := range d.Devices.Disks {
		g.Disks = append(g.Disks, diskOf(disk))
	}
	for _, i := range d.Devices.Interfaces {
		g.nic(i)
	}
	for _, graphics := range d.Devices.Graphics {
		switch {
		case graphics.VNC != nil:
			g.Graphics = append(g.Graphics, "vnc")
		case graphics.Spice != nil:
			g.Graphics = append(g.Graphics, "spice")
		}
	}
	g.Listeners, g.CID = listeners(d.Devices, false), cid(d.Devices.VSock, false)
	g.characters(d.Devices)
	for _, rng := range d.Devices.RNGs {
		if rng.Backend != nil && rng.Backend.Random != nil {
			g.file("rng", rng.Backend.Random.Device, false)
		}
	}
	for _, tpm := range d.Devices.TPMs {
		g.TPMs = append(g.TPMs, tpmOf(tpm))
	}
	for _, device := range d.Devices.Hostdevs {
		g.HostDevices = append(g.HostDevices, hostDeviceOf(device))
	}
	for _, shmem := range d.Devices.Shmems {
		g.SharedMemory = append(g.SharedMemory, shmem.Name)
	}
	for _, fs := range d.Devices.Filesystems {
		g.filesystem(fs)
	}
	g.otherPaths(&d)
	g.belongings(&d)
	return g, nil
}

func (g *Guest) firmware(os *libvirtxml.DomainOS) {
	if os == nil {
		return
	}
	if os.Type != nil {
		g.Arch, g.Machine = os.Type.Arch, os.Type.Machine
	}
	if os.Loader != nil {
		g.Loader = os.Loader.Path
	}
	if os.NVRam != nil {
		g.NVRAM = os.NVRam.NVRam
		if os.NVRam.Source != nil { // the text is white space then
			g.NVRAM = pathOf(os.NVRam.Source)
		}
	}
	g.file("kernel", os.Kernel, false)
	g.file("initrd", os.Initrd, false)
	g.file("dtb", os.DTB, false)
	g.file("shim", os.Shim, false)
}

func (g *Guest) cpu(cpu *libvirtxml.DomainCPU) error {
	g.CPU = CPU{Emulator: g.Emulator, Arch: g.Arch, Machine: g.Machine, VirtType: g.VirtType}
	if cpu == nil {
		return nil
	}
	g.CPU.Mode, g.CPU.Features = cpu.Mode, map[string]string{}
	for _, f := range cpu.Features {
		g.CPU.Features[f.Name] = f.Policy
	}
	element, err := xml.Marshal(cpu)
	g.CPU.XML = string(element)
	return err
}

func (g *Guest) clock(clock *libvirtxml.DomainClock) {
	if clock == nil {
		return
	}
	for _, timer := range clock.Timer {
		if timer.Name == "tsc" {
			g.TSCHz = timer.Frequency
		}
	}
}

func (g *Guest) memory(backing *libvirtxml.DomainMemoryBacking, modules []libvirtxml.DomainMemorydev) {
	if backing != nil && backing.MemoryHugePages != nil {
		g.HugePages = []HugePages{{}}
		if pages := backing.MemoryHugePages.Hugepages; len(pages) > 0 {
			g.HugePages = nil
			for _, page := range pages {
				g.HugePages = append(g.HugePages, HugePages{kib(uint64(page.Size), page.Unit), page.Nodeset})
			}
		}
	}
	for i, module := range modules {
		if module.Source != nil {
			g.file(fmt.Sprintf("memory %d", i), module.Source.Path, false)
		}
	}
}

// kib is a size in KiB, libvirt's default unit.
func kib(size uint64, unit string) uint64 {
	const kilo = 1000
	switch unit {
	case "b", "bytes":
		return size >> 10
	case "KB":
		return size * kilo >> 10
	case "M", "MiB":
		return size << 10
	case "MB":
		return size * kilo * kilo >> 10
	case "G", "GiB":
		return size << 20
	case "GB":
		return size * kilo * kilo * kilo >> 10
	case "T", "TiB":
		return size << 30
	}
	return size
}

func diskOf(d libvirtxml.DomainDisk) Disk {
	disk := Disk{Device: d.Device, Path: pathOf(d.Source), ReadOnly: d.ReadOnly != nil, Shareable: d.Shareable != nil}
	if disk.Device == "" {
		disk.Device = "disk"
	}
	if d.Target != nil {
		disk.Target = d.Target.Dev
	}
	if d.Driver != nil {
		disk.Format = d.Driver.Type
	}
	disk.Chain = chainOf(d.BackingStore)
	if d.Source == nil {
		return disk
	}
	disk.Block, disk.Split = d.Source.Block != nil, d.Source.DataStore != nil
	disk.Encrypted = d.Encryption != nil || d.Source.Encryption != nil
	disk.Optional = d.Source.StartupPolicy == "optional" || d.Source.StartupPolicy == "requisite"
	if volume := d.Source.Volume; volume != nil {
		disk.Pool, disk.Volume = volume.Pool, volume.Volume
	}
	if network := d.Source.Network; network != nil {
		disk.Protocol, disk.Name = network.Protocol, network.Name
	}
	return disk
}

// pathOf is the path of a source on the host; empty where it has none.
func pathOf(s *libvirtxml.DomainDiskSource) string {
	switch {
	case s == nil:
		return ""
	case s.File != nil:
		return s.File.File
	case s.Block != nil:
		return s.Block.Dev
	case s.Dir != nil:
		return s.Dir.Dir
	}
	return ""
}

func (g *Guest) nic(i libvirtxml.DomainInterface) {
	var nic Interface
	if i.MAC != nil {
		nic.MAC = i.MAC.Address
	}
	if i.Target != nil {
		nic.Target = i.Target.Dev
	}
	if i.FilterRef != nil {
		nic.Filter = i.FilterRef.Filter
	}
	switch s := i.Source; {
	case s == nil:
	case s.Bridge != nil:
		nic.Bridge = s.Bridge.Bridge
	case s.Network != nil:
		nic.Network, nic.PortGroup = s.Network.Network, s.Network.PortGroup
	case s.Direct != nil:
		nic.Direct = s.Direct.Dev
	case s.VHostUser != nil && s.VHostUser.Chardev != nil && s.VHostUser.Chardev.UNIX != nil:
		socket := s.VHostUser.Chardev.UNIX
		nic.Socket = socket.Path
		if !reconnects(socket) {
			g.file(nic.name(), socket.Path, socket.Mode == "server")
		}
	case s.Hostdev != nil && s.Hostdev.PCI != nil:
		g.HostDevices = append(g.HostDevices, HostDevice{"pci", pciName(s.Hostdev.PCI.Address)})
	}
	g.Interfaces = append(g.Interfaces, nic)
}

// characters notes the files of serial ports, consoles, channels and their logs.
func (g *Guest) characters(devices *libvirtxml.DomainDeviceList) {
	// made tells of a socket that libvirt gives a path of its own on each host.
	note := func(kind string, i int, source *libvirtxml.DomainChardevSource, log *libvirtxml.DomainChardevLog, made bool) {
		name := fmt.Sprintf("%s %d", kind, i)
		if source != nil && (source.UNIX == nil || !made) {
			g.character(name, source)
		}
		if log != nil {
			g.file(name+" log", log.File, true)
		}
	}
	for i, d := range devices.Serials {
		note("serial", i, d.Source, d.Log, false)
	}
	for i, d := range devices.Parallels {
		note("parallel", i, d.Source, d.Log, false)
	}
	for i, d := range devices.Consoles {
		if !serialToo(d) {
			note("console", i, d.Source, d.Log, false)
		}
	}
	for i, d := range devices.Channels {
		note("channel", i, d.Source, d.Log, named(d))
	}
}

// serialToo tells of a console that is a serial port by another name.
func serialToo(d libvirtxml.DomainConsole) bool { return d.Target != nil && d.Target.Type == "serial" }

// reconnects tells of a socket that QEMU starts without, and connects to when it is there.
func reconnects(socket *libvirtxml.DomainChardevSourceUNIX) bool {
	return (socket.Mode == "connect" || socket.Mode == "client") && socket.Reconnect != nil &&
		socket.Reconnect.Enabled == "yes"
}

// named tells of a channel whose socket has the name of the channel in the guest, as libvirt calls those that it makes
// itself, in a directory of the domain that another host has under another name.
func named(c libvirtxml.DomainChannel) bool {
	return c.Source != nil && c.Source.UNIX != nil && c.Source.UNIX.Mode != "connect" &&
		c.Target != nil && c.Target.VirtIO != nil && path.Base(c.Source.UNIX.Path) == c.Target.VirtIO.Name
}

// file notes what a device needs by path, if it has one.
func (g *Guest) file(device, path string, created bool) {
	if path != "" {
		g.Files = append(g.Files, File{Device: device, Path: path, Created: created})
	}
}

func (g *Guest) filesystem(d libvirtxml.DomainFilesystem) {
	var fs Filesystem
	if d.Target != nil {
		fs.Target = d.Target.Dir
	}
	if d.Driver != nil {
		fs.Driver = d.Driver.Type
	}
	if d.Source != nil && d.Source.Mount != nil {
		fs.Source = d.Source.Mount.Dir + d.Source.Mount.Socket // it has one of the two
	}
	g.Filesystems = append(g.Filesystems, fs)
}

func tpmOf(d libvirtxml.DomainTPM) TPM {
	tpm := TPM{Model: d.Model}
	switch b := d.Backend; {
	case b == nil:
	case b.Passthrough != nil:
		tpm.Backend = "passthrough"
		if b.Passthrough.Device != nil {
			tpm.Path = b.Passthrough.Device.Path
		}
	case b.External != nil:
		tpm.Backend = "external"
	case b.Emulator != nil:
		tpm.Backend, tpm.Version = "emulator", b.Emulator.Version
		switch s := b.Emulator.Source; {
		case s == nil:
		case s.File != nil:
			tpm.Path = s.File.Path
		case s.Dir != nil:
			tpm.Path = s.Dir.Path
		}
	}
	return tpm
}

func hostDeviceOf(d libvirtxml.DomainHostdev) HostDevice {
	switch {
	case d.SubsysPCI != nil && d.SubsysPCI.Source != nil:
		return HostDevice{"pci", pciName(d.SubsysPCI.Source.Address)}
	case d.SubsysUSB != nil && d.SubsysUSB.Source != nil:
		s := d.SubsysUSB.Source
		switch {
		case s.Vendor != nil && s.Product != nil:
			return HostDevice{"usb", s.Vendor.ID + ":" + s.Product.ID}
		case s.Address != nil:
			return HostDevice{"usb", fmt.Sprintf("bus %d device %d", number(s.Address.Bus), number(s.Address.Device))}
		}
		return HostDevice{Type: "usb"}
	case d.SubsysMDev != nil && d.SubsysMDev.Source != nil && d.SubsysMDev.Source.Address != nil:
		return HostDevice{"mdev", d.SubsysMDev.Source.Address.UUID}
	case d.SubsysSCSI != nil || d.SubsysSCSIHost != nil:
		return HostDevice{Type: "scsi"}
	case d.CapsStorage != nil && d.CapsStorage.Source != nil:
		return HostDevice{"storage", d.CapsStorage.Source.Block}
	}
	return HostDevice{Type: "other"}
}

// pciName is an address as lspci writes it.
func pciName(a *libvirtxml.DomainAddressPCI) string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("%04x:%02x:%02x.%x", number(a.Domain), number(a.Bus), number(a.Slot), number(a.Function))
}

func number(n *uint) uint {
	if n == nil {
		return 0
	}
	return *n
}
