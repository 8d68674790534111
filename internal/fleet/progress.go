package fleet

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Progress is what is told of a move while it goes on: what it waits for, or how its
// migration goes.
type Progress struct {
	migration.Progress

	// Waiting is what the move waits for before its migration starts; zero when it
	// waits for nothing.
	Waiting Obstacle
	// Unchecked is what could not be checked before the start, as far as that is unusual.
	Unchecked []preflight.Unchecked
	// Forecast is what the move is forecast to be like, told before it starts; else nil.
	Forecast *Forecast
}

// ObstacleKind is what keeps a move from starting.
type ObstacleKind string

// The kinds.
const (
	// NoObstacle lets the move start.
	NoObstacle ObstacleKind = ""
	// OtherMove is another move of the VM that is under way, EarlierMove one that has
	// waited longer.
	OtherMove   ObstacleKind = "another move of the VM"
	EarlierMove ObstacleKind = "an earlier move of the VM"
	// FullSource sends as many VMs as Limit allows, FullDestination receives as many.
	FullSource      ObstacleKind = "source full"
	FullDestination ObstacleKind = "destination full"
	// KeptSource and KeptDestination have a free slot that is kept for a move which has
	// waited longer.
	KeptSource      ObstacleKind = "source kept"
	KeptDestination ObstacleKind = "destination kept"
)

// Obstacle is what keeps a move from starting.
type Obstacle struct {
	Kind ObstacleKind
	// Host is where, and Limit how many migrations it may have at a time.
	Host  string
	Limit int
	// Port is the fixed port of a destination that receives one VM at a time because of it;
	// else 0.
	Port uint16
}

// of is the same obstacle of a kind.
func (o Obstacle) of(kind ObstacleKind) Obstacle {
	o.Kind = kind
	return o
}

func (o Obstacle) String() string {
	if o.Host == "" {
		return string(o.Kind)
	}
	return fmt.Sprintf("%s: %s (%d at a time)", o.Kind, o.Host, o.Limit)
}
