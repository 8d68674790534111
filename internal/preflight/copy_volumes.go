package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// copyVolumeCheck looks whether nothing is in the place of a disk that is copied, but what the
// VM's own earlier move has left there and nobody has touched since; and that this is not in
// the place of a disk that is not copied; and whether a disk that is not copied, and that
// destination_changes gives another path, finds its own image there.
type copyVolumeCheck struct{}

// ImageUnproved is a disk that is not copied, of which nothing proves that its image is the one at the path
// that destination_changes names.
type ImageUnproved struct{ storage.Decision }

// Problem implements migration.Fact.
func (ImageUnproved) Problem() string { return "not proved to be the same image" }

func (copyVolumeCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	found := s.obstacles(ctx, func(o storage.Obstacle) bool { return slices.Contains(takenObstacles, o) })
	for _, d := range s.disks(ctx) {
		if d.Unproved() {
			found = append(found, migration.Finding{
				Fact: ImageUnproved{d}, Host: s.destination(), Device: deviceOf(d), Err: d.Err, Warning: true,
			})
		}
	}
	return found, nil
}
