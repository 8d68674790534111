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
	// clientVariable makes this program empty the host, or fill it again, for a test that kills it meanwhile.
	clientVariable = "VIRT_DRAIN_CLIENT"
	empties, fills = "empty", "fill"

	hostsVariable  = "VIRT_DRAIN_HOSTS"
	guestsVariable = "VIRT_DRAIN_GUESTS"
	killsVariable  = "VIRT_DRAIN_KILLS"

	// emptied is the host.
	emptied = "kvm1"
)

func TestMain(m *testing.M) {
	if act := os.Getenv(clientVariable); act != "" {
		os.Exit(client(act))
	}
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

func client(act string) int {
	world, err := lab.Current()
	if err == nil {
		err = carryOut(world, act)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func carryOut(world *lab.World, act string) error {
	f, err := open(world)
	if err != nil {
		return err
	}
	defer f.Close()
	silent := func(fleet.EvacuationProgress) {}
	if act == empties {
		_, err = f.Evacuate(context.Background(), fleet.Evacuation{Host: emptied, Cordon: true, Why: "soak"}, silent)
		return err
	}
	_, _, err = f.EndMaintenance(context.Background(), emptied, true, false, silent)
	return err
}

func open(world *lab.World) (*fleet.Fleet, error) {
	config := fleet.Config{MaxOutgoing: fleet.DefaultMigrations, MaxIncoming: fleet.DefaultMigrations}
	for _, h := range world.Hosts {
		config.Hosts = append(config.Hosts, host.Config{Name: h.Name, URI: h.URI, PeerURI: h.PeerURI, MigrationURI: h.MigrationURI})
	}
	return fleet.New(config)
}
