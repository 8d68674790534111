//go:build lab

package soak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// clientVariable makes this program make one move, which is in it as JSON.
const clientVariable = "VIRT_SOAK_CLIENT"

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

// client makes a move, for a test that kills it meanwhile. It returns the exit code.
func client() int {
	world, err := lab.Current()
	var given order
	if err == nil {
		err = json.Unmarshal([]byte(os.Getenv(clientVariable)), &given)
	}
	if err == nil {
		err = given.carryOut(world)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (o order) carryOut(world *lab.World) error {
	known := &lab.World{}
	for _, name := range o.Hosts {
		known.Hosts = append(known.Hosts, world.Host(name))
	}
	f, err := fleet.New(configOf(known))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Move(context.Background(), o.move(), func(fleet.Progress) {})
	return err
}

// errKilled is what came of a move whose client was killed.
var errKilled = errors.New("killed")

// killClient has another process make a move, and kills it after a time. The error is errKilled, unless the move had ended
// by then.
func (o order) killClient(ctx context.Context, after time.Duration) error {
	document, err := json.Marshal(o)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), clientVariable+"="+string(document))
	printed, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errKilled
	}
	return fmt.Errorf("%w: %s", err, printed)
}
