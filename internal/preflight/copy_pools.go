package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// copyPoolCheck looks whether the destination has an active pool for each disk that is copied.
type copyPoolCheck struct{}

func (copyPoolCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	return s.obstacles(ctx, func(o storage.Obstacle) bool { return slices.Contains(poolObstacles, o) }), nil
}
