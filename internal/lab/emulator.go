package lab

import (
	"errors"
	"os"
	"path/filepath"
)

// Emulator is the QEMU binary that the lab's guests run in.
const Emulator = "/usr/bin/qemu-system-x86_64"

// OtherEmulator is another path to the same binary, as other distributions have one. A host has it after
// [Host.AddEmulator], or when a guest whose spec names it was started there.
const OtherEmulator = "/var/lib/libvirt/bin/qemu-kvm"

// AddEmulator gives the host [OtherEmulator].
func (h *Host) AddEmulator() error {
	if err := os.MkdirAll(filepath.Dir(h.File(OtherEmulator)), 0o755); err != nil {
		return err
	}
	if err := os.Symlink(Emulator, h.File(OtherEmulator)); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// DropEmulator takes [OtherEmulator] from the host. A QEMU that runs goes on.
func (h *Host) DropEmulator() error {
	if err := os.Remove(h.File(OtherEmulator)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
