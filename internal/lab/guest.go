package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// State is the state in which a guest is handed out.
type State int

const (
	// Running is a booted guest; one with a kernel already beats.
	Running State = iota
	// Paused is a guest that was started and has not run an instruction.
	Paused
	// Inactive is a guest that is only defined.
	Inactive
)

// GuestSpec says what guest to start. The zero value is an idle persistent guest on the first host.
type GuestSpec struct {
	// Name defaults to a name that no other guest of the lab has.
	Name string
	// UUID defaults to a random one.
	UUID string
	// Host is the name of the host that the guest starts on; the first one by default.
	Host string
	// State is Running by default.
	State State
	// Transient makes a guest that is not defined: it is gone when it stops.
	Transient bool
	// Bare leaves the kernel out: the guest never boots or beats, and starts in a fraction of a second. It suits tests
	// of the domain alone.
	Bare bool
	// MemoryMiB defaults to what the load needs: Load.HotMiB plus 128, or 32 for a bare guest.
	MemoryMiB int
	// Load is what the guest does to its memory.
	Load Load
	// Writes, if not zero, is the time between two writes of the guest to its first disk, whose bus must be ide. It
	// reports each one that is on the disk: see [Guest.Unwritten].
	Writes time.Duration
	// SleepAfter, if not zero, makes the guest suspend itself (ACPI S3, libvirt's pmsuspended) this long after it was
	// ready, once: `virsh dompmwakeup` wakes it, and it beats again.
	SleepAfter time.Duration
	// Obeys makes the guest turn itself off when its power button is pressed (ACPI, `virsh shutdown`); others do not hear
	// it.
	Obeys bool
	// Machine is the machine type; the default is pc.
	Machine string
	// Emulator is the path of QEMU; the default is [Emulator]. The host gets [OtherEmulator] where it is that.
	Emulator string
	// Autostart makes libvirtd start the guest when it starts itself. A transient guest has no such mark.
	Autostart bool
	// Parts are what the guest has besides: disks, interfaces, a console.
	Parts []Part
}

// Guest is a VM of the lab. Its Pulse follows its heartbeat on whatever host it runs.
type Guest struct {
	// Name and UUID are the domain's.
	Name, UUID string
	// Spec is what the guest was started from, with defaults filled in.
	Spec GuestSpec

	*Pulse

	world *World
	// files are those on storage that are the guest's, as hosts see them.
	files []string
}

// guestBootTimeout bounds the time from start to heartbeat. A guest boots in about four seconds on an idle machine, and
// much slower if many compete for few cores.
const guestBootTimeout = 3 * time.Minute

// StartGuest starts or defines a guest for a test and removes it from all hosts when the test ends. A running guest
// with a kernel is booted, has its memory filled and beats. If the test fails, the end of the guest's console is
// logged.
func (w *World) StartGuest(t testing.TB, spec GuestSpec) *Guest {
	t.Helper()
	return w.StartGuests(t, 1, spec)[0]
}

// StartGuests is StartGuest for several guests, which boot at the same time.
func (w *World) StartGuests(t testing.TB, count int, spec GuestSpec) []*Guest {
	t.Helper()
	guests, errs := make([]*Guest, count), make([]error, count)
	var boots sync.WaitGroup
	for i := range guests {
		boots.Go(func() { guests[i], errs[i] = w.Start(t.Context(), spec) })
	}
	boots.Wait()
	for _, guest := range guests {
		if guest != nil {
			t.Cleanup(func() { guest.end(t) })
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return guests
}

// end removes the guest of a test.
func (g *Guest) end(t testing.TB) {
	t.Helper()
	if t.Failed() && !g.Spec.Bare {
		t.Logf("the end of the console of guest %s:\n%s", g.Name, tail(g.world.Console(g.Name), 10))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), commandTimeout)
	defer cancel()
	if err := g.Remove(ctx); err != nil {
		t.Errorf("remove guest %s: %v", g.Name, err)
	}
}

// Start is [World.StartGuest] for programs that are not tests. A guest that is returned with an error exists in part:
// remove it.
func (w *World) Start(ctx context.Context, spec GuestSpec) (*Guest, error) {
	guest := w.newGuest(spec)
	if err := guest.create(ctx); err != nil {
		return guest, fmt.Errorf("start guest %s on %s: %w", guest.Name, guest.Spec.Host, err)
	}
	if guest.Spec.State != Running || guest.Spec.Bare {
		return guest, nil
	}
	ctx, cancel := context.WithTimeout(ctx, guestBootTimeout)
	defer cancel()
	if err := guest.waitReady(ctx); err != nil {
		return guest, fmt.Errorf("guest %s on %s does not get ready: %w\nThe end of its console:\n%s",
			guest.Name, guest.Spec.Host, err, tail(w.Console(guest.Name), 20))
	}
	return guest, nil
}

var guestNumber atomic.Int64

func (w *World) newGuest(spec GuestSpec) *Guest {
	if spec.Name == "" {
		spec.Name = fmt.Sprintf("guest-%d-%d", os.Getpid(), guestNumber.Add(1))
	}
	if spec.UUID == "" {
		spec.UUID = uuid.NewString()
	}
	if spec.Host == "" {
		spec.Host = w.Hosts[0].Name
	}
	if spec.MemoryMiB == 0 {
		spec.MemoryMiB = spec.Load.HotMiB + 128
		if spec.Bare {
			spec.MemoryMiB = 32
		}
	}
	spec.Machine, spec.Emulator = cmp.Or(spec.Machine, "pc"), cmp.Or(spec.Emulator, Emulator)
	spec.Parts = slices.Clone(spec.Parts)
	guest := &Guest{Name: spec.Name, UUID: spec.UUID, Spec: spec, world: w}
	guest.resolveDisks()
	return guest
}

func (g *Guest) create(ctx context.Context) error {
	pulse, err := follow(g.world.Console(g.Name))
	if err != nil {
		return err
	}
	g.Pulse = pulse
	host := g.world.Host(g.Spec.Host)
	if g.Spec.Emulator == OtherEmulator {
		if err := host.AddEmulator(); err != nil {
			return err
		}
	}
	for _, part := range g.Spec.Parts {
		if part, ok := part.(creator); ok {
			if err := part.create(ctx, g); err != nil {
				return err
			}
		}
	}
	document, err := g.domainXML()
	if err != nil {
		return err
	}
	file := filepath.Join(host.Directory, g.UUID+".xml")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		return err
	}
	defer os.Remove(file)

	var commands [][]string
	switch {
	case g.Spec.Transient && g.Spec.State == Inactive:
		return errors.New("a transient guest cannot be inactive")
	case g.Spec.Transient && g.Spec.State == Paused:
		commands = [][]string{{"create", "--paused", file}}
	case g.Spec.Transient:
		commands = [][]string{{"create", file}}
	case g.Spec.State == Inactive:
		commands = [][]string{{"define", file}}
	case g.Spec.State == Paused:
		commands = [][]string{{"define", file}, {"start", "--paused", g.UUID}}
	default:
		commands = [][]string{{"define", file}, {"start", g.UUID}}
	}
	if g.Spec.Autostart {
		commands = append(commands, []string{"autostart", g.UUID})
	}
	for _, command := range commands {
		if _, err := host.Virsh(ctx, command...); err != nil {
			return err
		}
	}
	return nil
}

// Remove ends the guest on all hosts, removes its definitions and its files, and waits for its processes to end, also
// on hosts whose daemon is stopped or killed. Removing twice is no error.
func (g *Guest) Remove(ctx context.Context) error {
	var failed error
	for _, host := range g.world.Hosts {
		if !host.answers() {
			continue
		}
		listed, err := host.Virsh(ctx, "list", "--all", "--uuid")
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if !strings.Contains(listed, g.UUID) {
			continue
		}
		// These fail if the domain is not active, or not persistent.
		_, _ = host.Virsh(ctx, "destroy", g.UUID)
		_, _ = host.Virsh(ctx, "undefine", g.UUID, "--nvram", "--tpm", "--managed-save", "--snapshots-metadata",
			"--checkpoints-metadata")
	}
	for _, process := range g.Processes() {
		failed = errors.Join(failed, process.Kill())
	}
	if g.Pulse != nil {
		failed = errors.Join(failed, g.Pulse.close())
	}
	failed = errors.Join(failed, g.removeFiles())
	return errors.Join(failed, poll(ctx, func() (bool, error) { return len(g.Processes()) == 0, nil }))
}

// HostsRunning returns the names of the hosts with a QEMU of the guest: normally one, two during a move.
func (g *Guest) HostsRunning() []string {
	var names []string
	for _, process := range g.Processes() {
		names = append(names, process.Host)
	}
	return names
}
