package lab

import (
	"context"
	"os/exec"
	"path/filepath"
)

// HideProgram hides a program on the host until [Host.ShowProgram]: the host's sh, which is Debian's, no longer finds
// it.
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

// programPath is the path of a program behind the links of Debian's alternatives.
func programPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
