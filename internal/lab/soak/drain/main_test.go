//go:build lab

package drain

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const (
	hostsVariable  = "VIRT_DRAIN_HOSTS"
	guestsVariable = "VIRT_DRAIN_GUESTS"
	killsVariable  = "VIRT_DRAIN_KILLS"

	// emptied is the host.
	emptied = "kvm1"
)

// act is what is done with the host.
type act string

const empties, fills act = "empty", "fill"

func TestMain(m *testing.M) {
	worker.Serve()
	lab.Main(m, lab.WithHosts(number(hostsVariable, 3)))
}

// number is that of a variable, or the usual one.
func number(variable string, usual int) int {
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		panic(fmt.Sprintf("%s: %q is no number of hosts, guests or kills", variable, text))
	}
	return n
}

// worker empties the host, or fills it again, for a test that kills it meanwhile.
var worker = lab.Client[act](func(ctx context.Context, world *lab.World, do act) error {
	f, err := open(world)
	if err != nil {
		return err
	}
	defer f.Close()
	silent := func(fleet.EvacuationProgress) {}
	if do == empties {
		_, err = f.Evacuate(ctx, fleet.Evacuation{Host: emptied, Cordon: true, Why: "soak"}, silent)
		return err
	}
	_, _, err = f.EndMaintenance(ctx, emptied, true, false, silent)
	return err
})

func open(world *lab.World) (*fleet.Fleet, error) {
	config := fleet.Config{MaxOutgoing: fleet.DefaultMigrations, MaxIncoming: fleet.DefaultMigrations}
	for _, h := range world.Hosts {
		config.Hosts = append(config.Hosts, host.Config{Name: h.Name, URI: h.URI, PeerURI: h.PeerURI, MigrationURI: h.MigrationURI})
	}
	return fleet.New(config)
}
