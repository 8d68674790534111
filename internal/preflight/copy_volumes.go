package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// copyVolumeCheck looks whether nothing is in the place of a disk that is copied, but what the
// VM's own earlier move has left there and nobody has touched since; and that this is not in
// the place of a disk that is not copied.
type copyVolumeCheck struct{}

func (copyVolumeCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	return s.obstacles(ctx, func(o storage.Obstacle) bool { return slices.Contains(takenObstacles, o) }), nil
}
