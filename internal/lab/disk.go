package lab

import (
	"errors"
	"os"
	"path/filepath"
)

// diskPath is the guest's disk as the hosts see it.
func (g *Guest) diskPath() string { return filepath.Join(images, g.Name+".img") }

// diskLink is one host's hard link to the guest's disk: all hosts share the file, and each can lose its own link.
func (g *Guest) diskLink(host *Host) string {
	return filepath.Join(host.Directory, "images", g.Name+".img")
}

func (g *Guest) createDisk() error {
	if g.Spec.DiskMiB == 0 {
		return nil
	}
	first := g.diskLink(g.world.Hosts[0])
	if err := os.WriteFile(first, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(first, int64(g.Spec.DiskMiB)<<20); err != nil {
		return err
	}
	for _, host := range g.world.Hosts[1:] {
		if err := os.Link(first, g.diskLink(host)); err != nil {
			return err
		}
	}
	return nil
}

// HideDisk removes the guest's disk from one host for good. A QEMU that has it open keeps it.
func (g *Guest) HideDisk(host *Host) error { return os.Remove(g.diskLink(host)) }

func (g *Guest) removeDisk() error {
	if g.Spec.DiskMiB == 0 {
		return nil
	}
	var failed error
	for _, host := range g.world.Hosts {
		if err := os.Remove(g.diskLink(host)); !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
