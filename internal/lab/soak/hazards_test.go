//go:build lab

package soak

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// hazard is what goes wrong in a move with disks.
type hazard struct {
	name string
	// weight is how often it is chosen.
	weight int
	// latest is the last moment at which it strikes; the usual length of a move where it is 0.
	latest time.Duration
	// fresh wants no leftover of the disks on the destination.
	fresh bool
	// cancels cancels the move, kills kills the process that makes it, in either case at a random moment.
	cancels, kills bool
	// arrange makes it before the move begins, strike at a random moment, and mend undoes it after the end. Without arrange
	// having done anything the move is an ordinary one.
	arrange func(*diskSoak, trip) (done bool)
	strike  func(*diskSoak, trip)
	mend    func(*diskSoak, trip)
	// ends are the outcomes that are right.
	ends []outcome
	// mayDefine is true where a definition that is shut off may be left on the other host.
	mayDefine bool
}

func (h hazard) within() time.Duration { return cmp.Or(h.latest, longestTrip) }

// plain is a move in which nothing goes wrong.
var plain = hazard{name: "nothing", weight: 24, ends: []outcome{arrived}}

var hazards = []hazard{
	plain,
	{
		name: "a file in the place of a disk", weight: 10, fresh: true,
		arrange: (*diskSoak).plant, ends: []outcome{refused},
	},
	{name: "a cancel", weight: 22, cancels: true, ends: []outcome{arrived, cancelled}},
	{
		name: "a file in the place of a disk, after the start", weight: 5, fresh: true, latest: 2 * time.Second,
		strike: (*diskSoak).plantLate, ends: []outcome{arrived, refused},
	},
	{
		name: "a leftover that was written to", weight: 6,
		arrange: (*diskSoak).spoil, ends: []outcome{refused},
	},
	{
		name: "the destination is full", weight: 8, fresh: true, latest: 3 * time.Second,
		strike: (*diskSoak).fill, mend: (*diskSoak).empty, ends: []outcome{arrived, failed, refused},
	},
	{
		name: "the link is cut for a moment", weight: 8,
		strike: (*diskSoak).cutForAMoment, ends: []outcome{arrived, failed},
	},
	{
		name: "the link is cut for good", weight: 4, mayDefine: true,
		strike: func(s *diskSoak, _ trip) { s.try(s.world.Cut(s.Context(), s.world.Hosts[0], s.world.Hosts[1])) },
		mend:   func(s *diskSoak, _ trip) { s.try(s.world.Join(s.Context(), s.world.Hosts[0], s.world.Hosts[1])) },
		ends:   []outcome{arrived, failed},
	},
	{
		name: "the source's libvirtd is killed and restarted", weight: 9, mayDefine: true,
		strike: func(s *diskSoak, _ trip) { s.try(s.home().Restart(s.Context())) },
		ends:   []outcome{arrived, failed, refused},
	},
	{
		name: "the destination's libvirtd is killed and restarted", weight: 9, mayDefine: true,
		strike: func(s *diskSoak, _ trip) { s.try(s.other().Restart(s.Context())) },
		ends:   []outcome{arrived, failed, refused},
	},
	{name: "the client is killed", weight: 12, kills: true, mayDefine: true, ends: []outcome{arrived, killed}},
}

// try ends the test when a hazard could not be made or undone.
func (s *diskSoak) try(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// foreign makes a file that is no move's: one like the disk's, or something else.
func (s *diskSoak) foreign(t trip, path string) {
	s.Helper()
	if t.alike {
		disk := s.guest.Disks()[t.disk]
		s.try(s.command("qemu-img", "create", "-q", "-f", disk.Format, path, sizeOf(disk)))
		return
	}
	s.try(os.WriteFile(path, []byte("somebody's data"), 0o600))
}

// plant puts a file that is no move's in the place of a disk.
func (s *diskSoak) plant(t trip) bool {
	place := s.guest.Disks()[t.disk].Path
	s.foreign(t, s.other().Inside(place))
	s.watch(s.other(), place)
	return true
}

// plantLate does so unless something is there.
func (s *diskSoak) plantLate(t trip) {
	place, made := s.guest.Disks()[t.disk].Path, s.other().Inside(lab.LocalImages+"/planted")
	s.foreign(t, made)
	content, err := os.ReadFile(made)
	s.try(err)
	switch err := os.Link(made, s.other().Inside(place)); {
	case err == nil:
		s.watchLate(place, content)
	case !errors.Is(err, os.ErrExist):
		s.Error(err)
	}
	s.try(os.Remove(made))
}

// qemuImg is how long libvirt may take from its look at a path to the end of qemu-img, which makes an image there.
const qemuImg = time.Second

// watchLate watches a file that came while the move began, if it is still there once libvirt has certainly made what it was
// making: between its look at the path and qemu-img it sees no file (ADR 026).
func (s *diskSoak) watchLate(place string, was []byte) {
	<-time.After(qemuImg) // no event tells
	is, err := os.ReadFile(s.other().Inside(place))
	if err == nil && bytes.Equal(was, is) {
		s.watch(s.other(), place)
		return
	}
	s.Logf("a file came to %s while libvirt made an image there, and was written over", place)
}

// spoil writes to what an earlier move has left. There has to be such a file, and no move may have been killed that might
// have written to it.
func (s *diskSoak) spoil(t trip) bool {
	place := s.guest.Disks()[t.disk].Path
	for _, l := range s.leftovers() {
		if l.Path != place || !l.WrittenUntil.IsZero() || l.Modified == "" {
			continue
		}
		file, err := os.OpenFile(s.other().Inside(place), os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		s.try(err)
		_, err = file.WriteAt([]byte("somebody's data"), 1<<20)
		s.try(errors.Join(err, file.Close()))
		s.watch(s.other(), place)
		return true
	}
	return false
}

// ballast is what fills the file system of the disks.
const ballast = lab.LocalImages + "/ballast"

func (s *diskSoak) fill(trip) {
	file, err := os.Create(s.other().Inside(ballast))
	if err != nil {
		s.Error(err)
		return
	}
	defer file.Close()
	block := make([]byte, 1<<16)
	for err == nil {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		s.Error(err)
	}
}

func (s *diskSoak) empty(trip) {
	for _, h := range s.world.Hosts {
		if err := os.Remove(h.Inside(ballast)); !errors.Is(err, os.ErrNotExist) {
			s.try(err)
		}
	}
}

func (s *diskSoak) cutForAMoment(t trip) {
	a, b := s.world.Hosts[0], s.world.Hosts[1]
	s.try(s.world.Cut(s.Context(), a, b))
	<-time.After(t.lasts) // the fault is that long
	s.try(s.world.Join(s.Context(), a, b))
}
