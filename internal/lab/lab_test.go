package lab_test

import (
	"context"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

func current(t *testing.T) *lab.World {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return world
}

func TestGuestBeatsOnAcrossAMigration(t *testing.T) {
	world := current(t)
	source, destination := world.Hosts[0], world.Hosts[1]
	start := time.Now()
	guest := world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 32, Cost: 100 * time.Microsecond}})
	t.Logf("ready after %v", time.Since(start))

	before := time.Now()
	source.MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", "--undefinesource",
		"--migrateuri", destination.MigrationURI, guest.UUID, destination.PeerURI)
	t.Logf("migrated in %v", time.Since(before))
	for range 10 {
		next(t, guest)
	}
	record := guest.Between(before, time.Now())
	t.Logf("%+v", record)
	if len(record.Lost) > 0 || len(record.Repeated) > 0 {
		t.Errorf("beats lost %v, repeated %v", record.Lost, record.Repeated)
	}
	if hosts := guest.HostsRunning(); len(hosts) != 1 || hosts[0] != destination.Name {
		t.Errorf("guest runs on %v, want %s alone", hosts, destination.Name)
	}
}

// next waits for a beat of a guest that runs.
func next(t *testing.T, guest *lab.Guest) lab.Beat {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	beat, err := guest.NextBeat(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return beat
}
