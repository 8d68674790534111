package lab

import (
	"context"
	"os/exec"
	"path/filepath"
)

// HideProgram takes a program away from the host, until [Host.ShowProgram]: its sh, which is Debian's, finds it no more.
func (h *Host) HideProgram(ctx context.Context, name string) error {
	path, err := programPath(name)
	if err != nil {
		return err
	}
	return h.mounted(ctx, "mount", "--bind", "/dev/null", path)
}

// ShowProgram ends a [Host.HideProgram].
func (h *Host) ShowProgram(ctx context.Context, name string) error {
	path, err := programPath(name)
	if err != nil {
		return err
	}
	return h.mounted(ctx, "umount", path)
}

func (h *Host) mounted(ctx context.Context, name string, args ...string) error {
	_, err := capture(ctx, h.Command(ctx, name, args...))
	return err
}

// programPath is where a program really is, behind the links of Debian's alternatives.
func programPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
