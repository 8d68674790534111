package preflight

import (
	"fmt"
	"regexp"

	"libvirt.org/go/libvirtxml"
)

// argumentPaths finds the paths in an argument of QEMU, each with its key. Whether QEMU opens or makes a file there is
// not told by it.
var argumentPaths = regexp.MustCompile(`(?:^|(\w+)"?[=:]\s*"?)(/[^,"]+)`)

// otherPaths notes what else the definition names of the host, beside images, bridges and consoles.
func (g *Guest) otherPaths(d *libvirtxml.Domain) {
	for _, info := range d.SysInfo {
		if info.FWCfg == nil {
			continue
		}
		for _, entry := range info.FWCfg.Entry {
			g.file("fw_cfg "+entry.Name, entry.File, false)
		}
	}
	if d.OS != nil && d.OS.NVRam != nil {
		g.imagePaths("NVRAM", true, d.OS.NVRam.Source)
	}
	if d.OS != nil && d.OS.ACPI != nil {
		for _, table := range d.OS.ACPI.Tables {
			g.file("ACPI table", table.Path, false)
		}
	}
	if tune := d.BlockIOTune; tune != nil {
		for _, device := range tune.Device {
			g.file("blkiotune", device.Path, false)
		}
	}
	for _, disk := range d.Devices.Disks {
		g.diskPaths(disk)
	}
	for _, i := range d.Devices.Interfaces {
		g.interfacePaths(i)
	}
	for _, graphics := range d.Devices.Graphics {
		g.renderNode(graphics)
	}
	g.smallDevices(d.Devices)
	g.backends(d.Devices)
	g.arguments(d.QEMUCommandline)
}

// diskPaths notes what a disk needs beside its images.
func (g *Guest) diskPaths(d libvirtxml.DomainDisk) {
	disk := diskOf(d)
	if disk.Optional {
		return
	}
	g.imagePaths(disk.name(), !disk.ReadOnly, d.Source)
	for b := d.BackingStore; b != nil; b = b.BackingStore {
		g.imagePaths(disk.name(), !disk.ReadOnly, b.Source)
	}
}

func (g *Guest) imagePaths(name string, written bool, s *libvirtxml.DomainDiskSource) {
	if s == nil {
		return
	}
	if s.Reservations != nil && s.Reservations.Managed != "yes" && s.Reservations.Source != nil {
		g.character(name+" reservations", (*libvirtxml.DomainChardevSource)(s.Reservations.Source))
	}
	if s.DataStore != nil {
		if path := pathOf(s.DataStore.Source); path != "" {
			g.Files = append(g.Files, File{Device: name + " data file", Path: path, Written: written})
		}
		g.imagePaths(name, written, s.DataStore.Source)
	}
	switch {
	case s.VHostUser != nil && s.VHostUser.UNIX != nil:
		socket := *s.VHostUser.UNIX
		socket.Mode = "client" // QEMU's part, which the definition need not say
		g.character(name, &libvirtxml.DomainChardevSource{UNIX: &socket})
	case s.VHostVDPA != nil:
		g.file(name, s.VHostVDPA.Dev, false)
	case s.NVME != nil && s.NVME.PCI != nil:
		g.HostDevices = append(g.HostDevices, HostDevice{"pci", pciName(s.NVME.PCI.Address)})
	case s.Network != nil:
		for _, host := range s.Network.Hosts {
			g.file(name, host.Socket, false)
		}
		if id := s.Network.Identity; id != nil {
			g.file(name+" key", id.Keyfile, false)
			g.file(name+" SSH agent", id.AgentSock, false)
		}
		if s.Network.KnownHosts != nil {
			g.file(name+" known hosts", s.Network.KnownHosts.Path, false)
		}
		if s.Network.Config != nil {
			g.file(name+" configuration", s.Network.Config.File, false)
		}
	}
}

// interfacePaths notes what an interface needs beside what it is plugged into.
func (g *Guest) interfacePaths(i libvirtxml.DomainInterface) {
	name := "interface"
	if i.MAC != nil {
		name += " " + i.MAC.Address
	}
	if i.Script != nil {
		g.file(name+" script", i.Script.Path, false)
	}
	if b := i.Backend; b != nil {
		g.file(name, b.Tap, false)
		g.file(name, b.VHost, false)
		g.file(name+" log", b.LogFile, true)
	}
	for _, forward := range i.PortForward {
		g.unasked(name, forward.Dev)
	}
	switch s := i.Source; {
	case s == nil:
	case s.User != nil:
		g.unasked(name, s.User.Dev)
	case s.VHostUser != nil:
		g.unasked(name, s.VHostUser.Dev)
	case s.VDPA != nil:
		g.file(name, s.VDPA.Device, false)
	}
}

// renderNode notes the GPU that draws a console.
func (g *Guest) renderNode(d libvirtxml.DomainGraphic) {
	switch {
	case d.SDL != nil:
		g.file("graphics sdl", d.SDL.XAuth, false)
	case d.Spice != nil && d.Spice.GL != nil:
		g.file("graphics spice", d.Spice.GL.RenderNode, false)
	case d.EGLHeadless != nil && d.EGLHeadless.GL != nil:
		g.file("graphics egl-headless", d.EGLHeadless.GL.RenderNode, false)
	case d.DBus != nil && d.DBus.GL != nil:
		g.file("graphics dbus", d.DBus.GL.RenderNode, false)
	}
}

// smallDevices notes what sound, input and the like need.
func (g *Guest) smallDevices(devices *libvirtxml.DomainDeviceList) {
	for _, video := range devices.Videos {
		if video.Model.Accel != nil {
			g.file("video", video.Model.Accel.RenderNode, false)
		}
	}
	for _, input := range devices.Inputs {
		switch s := input.Source; {
		case s == nil:
		case s.EVDev != nil:
			g.file("input "+input.Type, s.EVDev.Dev, false)
		case s.Passthrough != nil:
			g.file("input "+input.Type, s.Passthrough.EVDev, false)
		}
	}
	for _, audio := range devices.Audios {
		name := fmt.Sprintf("audio %d", audio.ID)
		switch {
		case audio.File != nil:
			g.file(name, audio.File.Path, true)
		case audio.ALSA != nil: // its devices are names of ALSA
			if audio.ALSA.Input != nil {
				g.unasked(name, audio.ALSA.Input.Dev)
			}
			if audio.ALSA.Output != nil {
				g.unasked(name, audio.ALSA.Output.Dev)
			}
		case audio.OSS != nil:
			if audio.OSS.Input != nil {
				g.file(name, audio.OSS.Input.Dev, false)
			}
			if audio.OSS.Output != nil {
				g.file(name, audio.OSS.Output.Dev, false)
			}
		case audio.PulseAudio != nil:
			g.unasked(name, audio.PulseAudio.ServerName)
		}
	}
	for _, lease := range devices.Leases {
		if lease.Target != nil {
			g.file("lease "+lease.Key, lease.Target.Path, false)
		}
	}
	if devices.PStore != nil {
		g.file("pstore", devices.PStore.Path, true)
	}
}

// backends notes the programs and sockets behind devices.
func (g *Guest) backends(devices *libvirtxml.DomainDeviceList) {
	for i, card := range devices.Smartcards {
		name := fmt.Sprintf("smartcard %d", i)
		g.file(name, card.Database, false)
		g.character(name, card.Passthrough)
	}
	for i, device := range devices.RedirDevs {
		g.character(fmt.Sprintf("redirdev %d", i), device.Source)
	}
	for _, rng := range devices.RNGs {
		if rng.Backend != nil && rng.Backend.EGD != nil {
			g.character("rng", rng.Backend.EGD.Source)
		}
	}
	for _, tpm := range devices.TPMs {
		if tpm.Backend != nil && tpm.Backend.External != nil {
			g.character("tpm", (*libvirtxml.DomainChardevSource)(tpm.Backend.External.Source))
		}
	}
	for _, shmem := range devices.Shmems {
		if shmem.Server != nil {
			g.file("shmem "+shmem.Name, shmem.Server.Path, false)
		}
	}
	for _, fs := range devices.Filesystems {
		if fs.Binary != nil {
			g.file("virtiofsd", fs.Binary.Path, false)
		}
	}
}

// character notes the file or socket behind a character device.
func (g *Guest) character(name string, source *libvirtxml.DomainChardevSource) {
	switch {
	case source == nil:
	case source.File != nil:
		g.file(name, source.File.Path, true)
	case source.Dev != nil:
		g.file(name, source.Dev.Path, false)
	case source.Pipe != nil: // it is PATH.in and PATH.out, or PATH itself
		g.file(name, source.Pipe.Path, true)
	case source.UNIX != nil && !reconnects(source.UNIX):
		// "client" is the word for it where the socket is an interface's or a disk's.
		g.file(name, source.UNIX.Path, source.UNIX.Mode != "connect" && source.UNIX.Mode != "client")
	}
}

// arguments notes the paths in QEMU's arguments.
func (g *Guest) arguments(line *libvirtxml.DomainQEMUCommandline) {
	if line == nil {
		return
	}
	for _, arg := range line.Args {
		for _, path := range argumentPaths.FindAllStringSubmatch(arg.Value, -1) {
			if key := path[1]; key != "data" && key != "password" { // a secret's value may begin with a slash
				g.unasked("argument of QEMU", path[2])
			}
		}
	}
}

// unasked notes what a device names that libvirt cannot be asked about, if it names it.
func (g *Guest) unasked(device, name string) {
	if name != "" {
		g.Unasked = append(g.Unasked, Unasked{device, name})
	}
}
