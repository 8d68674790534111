package preflight

import (
	"regexp"

	"libvirt.org/go/libvirtxml"
)

// argumentPaths finds the paths in an argument of QEMU, each with its key. Whether QEMU opens or makes a file there is
// not told by it.
var argumentPaths = regexp.MustCompile(`(?:^|(\w+)"?[=:]\s*"?)(/[^,"]+)`)

// otherPaths notes what else the definition names of the host, beside disks, interfaces and consoles.
func (g *Guest) otherPaths(d *libvirtxml.Domain) {
	for _, info := range d.SysInfo {
		if info.FWCfg == nil {
			continue
		}
		for _, entry := range info.FWCfg.Entry {
			g.file("fw_cfg "+entry.Name, entry.File, false)
		}
	}
	if line := d.QEMUCommandline; line != nil {
		for _, arg := range line.Args {
			for _, path := range argumentPaths.FindAllStringSubmatch(arg.Value, -1) {
				if key := path[1]; key != "data" && key != "password" { // a secret's value may begin with a slash
					g.unasked("argument of QEMU", path[2])
				}
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
