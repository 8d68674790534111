//go:build lab

package soak

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// order is what a client is told of a move.
type order struct {
	// Hosts are all that it knows of.
	Hosts           []string
	VM, Destination string
	Mode            migration.Mode
	Policy          policy.Policy
}

func (o order) move() fleet.Move {
	return fleet.Move{VM: o.VM, Destination: o.Destination, Mode: o.Mode, Policy: o.Policy}
}

// mover makes a move, for a test that kills it meanwhile.
var mover = lab.Client[order](func(ctx context.Context, world *lab.World, o order) error {
	known := &lab.World{}
	for _, name := range o.Hosts {
		known.Hosts = append(known.Hosts, world.Host(name))
	}
	f, err := fleet.New(configOf(known))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Move(ctx, o.move(), func(fleet.Progress) {})
	return err
})
