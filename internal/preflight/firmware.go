package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// firmwareCheck looks whether the destination has the guest's firmware, and the directory
// of the file with its variables (NVRAM). That file itself is made there: its content is
// sent with the guest. A definition moves without it, so there it has to be on the
// destination.
type firmwareCheck struct{}

func (firmwareCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var files []File
	if s.guest.Loader != "" {
		c, _, err := s.capabilities(ctx)
		if err != nil || !slices.Contains(c.Loaders, s.guest.Loader) {
			files = append(files, File{Device: "firmware", Path: s.guest.Loader})
		}
	}
	if s.guest.NVRAM == "" {
		return s.paths(ctx, files)
	}
	if s.Move.Definition {
		// libvirt makes one from its template for a VM that has not started yet.
		if has, err := s.Source.HasPath(ctx, s.own.NVRAM); err == nil && !has {
			return s.paths(ctx, files)
		}
	}
	return s.paths(ctx, append(files, File{Device: "NVRAM", Path: s.guest.NVRAM, Created: !s.Move.Definition}))
}
