package lab

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	// Images is the directory of the guests' shared disks and ISOs, as hosts see it. It is a storage pool of that name on
	// each host. Every host has a hard link of its own to each file: all share the file, and each can lose its own link.
	Images = "/var/lib/libvirt/images"
	// LocalImages is the directory of disks that one host has for itself.
	LocalImages = "/var/lib/libvirt/local"
	// Pool is the name of the storage pool of Images.
	Pool = "default"
)

// File is where a file of the host, which the host sees at that path below one of its own directories, is in the lab.
// It panics if the host has no directory of its own there: the caller chose the path.
func (h *Host) File(seen string) string {
	best := [2]string{}
	for _, mount := range bindMounts {
		if strings.HasPrefix(seen, mount[1]+"/") && len(mount[1]) > len(best[1]) {
			best = mount
		}
	}
	if best[1] == "" {
		panic("lab: no directory of the host's own has " + seen)
	}
	return filepath.Join(h.Directory, best[0], strings.TrimPrefix(seen, best[1]))
}

// Hide removes a file from one host for good: other hosts that share it keep it, and so does a QEMU that has it open.
func (h *Host) Hide(seen string) error { return os.Remove(h.File(seen)) }

// share gives all hosts a file that one of them has, and the guest the duty to remove it.
func (g *Guest) share(owner *Host, seen string) error {
	g.files = append(g.files, seen)
	for _, host := range g.world.Hosts {
		if host == owner {
			continue
		}
		if err := os.Link(owner.File(seen), host.File(seen)); err != nil {
			return err
		}
	}
	return nil
}

// removeFiles removes the guest's files from all hosts.
func (g *Guest) removeFiles() error {
	var failed error
	for _, file := range g.files {
		for _, host := range g.world.Hosts {
			if err := os.Remove(host.Inside(file)); !errors.Is(err, os.ErrNotExist) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}

// poolXML is the definition of the host's storage pool.
const poolXML = `<pool type="dir"><name>` + Pool + `</name><target><path>` + Images + `</path></target></pool>`

// autostart writes the definition of an object that libvirtd starts by itself, into its directory below /etc/libvirt.
func (h *Host) autostart(directory, name, definition string) error {
	home := path.Join("/etc/libvirt", directory)
	if err := os.MkdirAll(h.File(home+"/autostart"), 0o755); err != nil {
		return err
	}
	file := path.Join(home, name+".xml")
	if err := os.WriteFile(h.File(file), []byte(definition), 0o644); err != nil {
		return err
	}
	return os.Symlink(file, h.File(path.Join(home, "autostart", name+".xml")))
}
