package fleet

import (
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Progress is what is told of a move while it goes on: what it waits for, or how its
// migration goes.
type Progress struct {
	migration.Progress

	// Waiting is what the move waits for before its migration starts; zero when it
	// waits for nothing.
	Waiting places.Wait
	// Choice is how the destination was chosen, told before anything else of it; else nil.
	Choice *placement.Choice
	// Lapsed is why the VM cannot go to the destination that was chosen any more: another is looked for; else nil.
	Lapsed placement.Reason
	// Unleased are why hosts keep no leases, a *places.UnleasedError each: what other runs are about to start there is
	// not counted.
	Unleased []error
	// Unchecked is what could not be checked before the start, as far as that is unusual.
	Unchecked []preflight.Unchecked
	// Forecast is what the move is forecast to be like, told before it starts; else nil.
	Forecast *Forecast
}
