//go:build lab

package defects

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// scene is a guest on the source that is to move to the destination.
type scene struct {
	*testing.T

	world               *lab.World
	source, destination *lab.Host
	guest               *lab.Guest
	// config is the provider's, and move what is asked for.
	config fleet.Config
	move   fleet.Move
	// silence ends the program that listen has started.
	silence func()
}

// current is the lab. TestMain has made sure that there is one.
func current() *lab.World {
	world, err := lab.Current()
	if err != nil {
		panic(err)
	}
	return world
}

// emptyScene has no guest yet.
func emptyScene(t *testing.T) *scene {
	t.Helper()
	world := current()
	return &scene{T: t, world: world, source: world.Hosts[0], destination: world.Hosts[1]}
}

// newScene starts the guest, on the first host of the lab. The hosts have neither peer_uri nor migration_uri.
func newScene(t *testing.T, spec lab.GuestSpec) *scene {
	t.Helper()
	s := emptyScene(t)
	s.guest = s.world.StartGuest(t, spec)
	s.move = fleet.Move{VM: s.guest.UUID, Destination: s.destination.Name}
	s.config = fleet.Config{
		Unreachable: fleet.UnreachableWarn, MaxOutgoing: fleet.DefaultMigrations, MaxIncoming: fleet.DefaultMigrations,
		Hosts: []host.Config{
			{Name: s.source.Name, URI: s.source.URI}, {Name: s.destination.Name, URI: s.destination.URI},
		},
	}
	return s
}

// callTimeout bounds what is asked of the hosts at a time.
const callTimeout = 2 * time.Minute

func (s *scene) context() context.Context {
	ctx, cancel := context.WithTimeout(s.Context(), callTimeout)
	s.Cleanup(cancel)
	return ctx
}

// after is a context for what ends a test.
func (s *scene) after() context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), callTimeout)
	s.Cleanup(cancel)
	return ctx
}

// must ends the test on an error.
func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// assess makes the checks of a plan, with a fleet that has asked nothing before.
func (s *scene) assess(thorough bool) preflight.Assessment {
	s.Helper()
	f, err := fleet.New(s.config)
	s.must(err)
	defer f.Close()
	move := s.move
	move.Thorough = thorough
	var a preflight.Assessment
	for range 3 { // libvirt asks a new emulator what it can do, which takes long on a busy machine
		_, a, err = f.Assess(s.context(), move)
		s.must(err)
		if !slices.ContainsFunc(a.Unchecked, func(u preflight.Unchecked) bool { return u.Why == preflight.Late }) {
			break
		}
	}
	return a
}

// put writes a file that hosts see at a path below one of their own directories.
func (s *scene) put(seen string, content []byte, hosts ...*lab.Host) {
	s.Helper()
	for _, h := range hosts {
		file := h.File(seen)
		s.must(os.MkdirAll(filepath.Dir(file), 0o755))
		s.must(os.WriteFile(file, content, 0o755))
		s.Cleanup(func() { _ = os.Remove(file) })
	}
}

// directory makes a directory of hosts, as they see it.
func (s *scene) directory(seen string, hosts ...*lab.Host) {
	s.Helper()
	for _, h := range hosts {
		s.must(os.MkdirAll(h.File(seen), 0o755))
		s.Cleanup(func() { _ = os.RemoveAll(h.File(seen)) })
	}
}

// copy gives the destination a file of the source.
func (s *scene) copy(seen string) {
	s.Helper()
	content, err := os.ReadFile(s.source.File(seen))
	s.must(err)
	s.put(seen, content, s.destination)
}

// hide takes a file from the destination.
func (s *scene) hide(seen string) {
	s.Helper()
	s.must(s.destination.Hide(seen))
}

// show ends hide: the hosts share the file again.
func (s *scene) show(seen string) {
	s.Helper()
	s.must(os.Link(s.source.File(seen), s.destination.File(seen)))
}

// state is a directory that each host has for itself.
func state(name string) string { return path.Join("/var/lib/libvirt", name) }

// write makes a temporary file.
func (s *scene) write(content string) (file string) {
	s.Helper()
	file = filepath.Join(s.TempDir(), "file")
	s.must(os.WriteFile(file, []byte(content), 0o600))
	return file
}

// run runs a program on a host.
func (s *scene) run(h *lab.Host, name string, args ...string) {
	s.Helper()
	if output, err := h.Command(s.context(), name, args...).CombinedOutput(); err != nil {
		s.Fatalf("on %s: %s %q: %v\n%s", h.Name, name, args, err, output)
	}
}
