package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// graphicsCheck looks whether the destination's emulator has the guest's kind of console.
type graphicsCheck struct{}

// GraphicsMissing is an emulator without a kind of console, such as "spice".
type GraphicsMissing struct{ Type string }

// Problem implements migration.Fact.
func (GraphicsMissing) Problem() string { return "no such graphics" }

func (graphicsCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.Graphics) == 0 {
		return nil, nil
	}
	c, known, err := s.capabilities(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	var found []migration.Finding
	for _, g := range s.guest.Graphics {
		if known && !c.Has("graphics", "type", g) {
			found = append(found, migration.Finding{
				Fact: GraphicsMissing{g}, Host: s.destination(), Device: "graphics " + g,
			})
		}
	}
	return found, nil
}
