//go:build lab

package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// usualTrips are made when nothing else is said, with the first hazards one after the other.
const usualTrips = 3

// writer writes to its first disk all the time, and reads it. The format of the disks takes turns.
func writer(seed uint64) lab.GuestSpec {
	formats := []string{"qcow2", "raw"}
	return lab.GuestSpec{Writes: 10 * time.Millisecond, Parts: []lab.Part{
		lab.Disk{Format: formats[seed%2], Bus: "ide", MiB: 24, Local: true, Filled: true},
		lab.Disk{Format: formats[1-seed%2], MiB: 8, Local: true, Filled: true},
	}}
}

func sizeOf(d lab.Disk) string { return fmt.Sprintf("%dM", d.MiB) }

// diskSoak is a guest that is moved back and forth between hosts that do not share its disks.
type diskSoak struct {
	soak

	// foreignFiles are files that are no move's, by host and path, as they must stay.
	foreignFiles map[*lab.Host]map[string]string
	results      *results
	// uncertain is true after a move whose client was killed: the next one would refuse what that has written to.
	uncertain bool
	// alone is true where no other guest is moved beside it by this program.
	alone bool
}

// TestSoak_disks moves a guest that writes to disks which its hosts do not share, and lets something go wrong in most of the
// moves. After each one the guest runs once, has lost no write, and no file was touched that is no move's. Several guests,
// each with two hosts of its own, take their moves from one list.
func TestSoak_disks(t *testing.T) {
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	moves, seed := number(t, movesVariable, usualTrips), number(t, seedVariable, uint64(time.Now().UnixNano()))
	from, lanes := number(t, fromVariable, 0), number(t, lanesVariable, 1)
	t.Logf("%d moves from number %d; repeat them with %s=%d %s=%d", moves, from, seedVariable, seed, fromVariable, from)
	began, all := time.Now(), &results{}
	var next atomic.Uint64
	// Not by Parallel, which has as many at a time as there are processors: they wait more than they compute.
	var guests sync.WaitGroup
	for lane := range lanes {
		guests.Go(func() {
			t.Run(fmt.Sprintf("guest %d", lane), func(t *testing.T) {
				own := &lab.World{Hosts: world.Hosts[2*lane : 2*lane+2], Kernel: world.Kernel, Initrd: world.Initrd, SSH: world.SSH}
				s := &diskSoak{
					soak:    soak{T: t, world: own},
					results: all, alone: lanes == 1, foreignFiles: map[*lab.Host]map[string]string{},
				}
				s.run(writer(seed+from+lane), func() (trip, bool) {
					if !s.timeLeft() || t.Failed() {
						return trip{}, false
					}
					number := from + next.Add(1) - 1
					planned := plan(seed, number)
					if os.Getenv(movesVariable) == "" {
						planned.hazard = hazards[number%uint64(len(hazards))]
					}
					return planned, number < from+moves
				})
			})
		})
	}
	guests.Wait()
	if made := all.moves(); made < moves {
		t.Logf("go on with %s=%d %s=%d %s=%d", movesVariable, moves-made, seedVariable, seed, fromVariable, from+made)
	}
	t.Logf("%d moves, %.0f s\n%s", all.moves(), time.Since(began).Seconds(), all)
}

// run moves a guest as long as there is a next move.
func (s *diskSoak) run(spec lab.GuestSpec, next func() (trip, bool)) {
	s.prepare()
	s.guest = s.world.StartGuest(s, spec)
	s.world.HealAfter(s)
	s.fleet = newFleet(s.T, s.world)
	s.idle = s.connected()
	began := time.Now()
	for {
		planned, ok := next()
		if !ok {
			break
		}
		s.trip(planned)
	}
	s.requirePulse("in all moves", s.guest.Between(began, time.Now()))
}

// timeLeft tells whether there is time for another move before the test is ended.
func (s *diskSoak) timeLeft() bool {
	deadline, limited := s.Deadline()
	return !limited || time.Until(deadline) > 3*time.Minute
}

// pool is the storage pool of disks that a host has for itself.
const pool = "local"

// prepare gives each host a small file system for disks with a pool, and a file there that is none of ours.
func (s *diskSoak) prepare() {
	for _, h := range s.world.Hosts {
		s.on(h, "mount", "-t", "tmpfs", "-o", "size=96m", "disks", lab.LocalImages)
		s.on(h, "sysctl", "-w", "net.ipv4.tcp_retries2=5", "net.ipv4.tcp_syn_retries=3") // gives connections up after some 15 s
		h.MustVirsh(s, "pool-define-as", pool, "dir", "--target", lab.LocalImages)
		h.MustVirsh(s, "pool-start", pool)
		s.Cleanup(func() { s.restore(h) })
		bystander := lab.LocalImages + "/bystander.raw"
		if err := os.WriteFile(h.Inside(bystander), []byte("somebody's disk"), 0o600); err != nil {
			s.Fatal(err)
		}
		s.watch(h, bystander)
	}
}

func (s *diskSoak) restore(h *lab.Host) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), patience)
	defer cancel()
	for _, command := range []string{"pool-destroy", "pool-undefine"} {
		if _, err := h.Virsh(ctx, command, pool); err != nil {
			s.Error(err)
		}
	}
	for _, command := range [][]string{{"umount", "--lazy", lab.LocalImages}, {"sysctl", "-w", "net.ipv4.tcp_retries2=15", "net.ipv4.tcp_syn_retries=6"}} {
		if printed, err := h.Command(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			s.Errorf("%v: %s", err, printed)
		}
	}
}

// on runs a command on a host, command one beside the hosts.
func (s *diskSoak) on(h *lab.Host, command ...string) {
	s.Helper()
	if printed, err := h.Command(s.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
		s.Fatalf("%s: %v: %s", command, err, printed)
	}
}

func (s *diskSoak) command(name string, arguments ...string) error {
	printed, err := exec.CommandContext(s.Context(), name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, arguments, err, printed)
	}
	return nil
}

// home is where the guest is, and other where it is to be.
func (s *diskSoak) home() *lab.Host  { return s.world.Hosts[s.at] }
func (s *diskSoak) other() *lab.Host { return s.world.Hosts[1-s.at] }

// trip makes one move and checks everything that must hold after it.
func (s *diskSoak) trip(t trip) {
	from, to := s.home(), s.other()
	if t.fresh || s.uncertain {
		s.removeLeftovers()
		s.uncertain = false
	}
	if t.hazard.arrange != nil && !t.hazard.arrange(s, t) {
		t.hazard = plain
	}
	began := time.Now()
	err := s.carryOut(t)
	took := time.Since(began)
	if t.hazard.mend != nil {
		t.hazard.mend(s, t)
	}
	ended := outcomeOf(err)
	s.uncertain = ended == killed
	if !slices.Contains(t.hazard.ends, ended) {
		s.Errorf("%s: %s, want %s: %v", t, ended, t.hazard.ends, err)
	}
	resumed := s.settle(t)
	if s.Failed() {
		s.Logf("that was %s: %s: %v", t, ended, err)
		return
	}
	s.requireTrue(t, err, from, to)
	s.nextBeat()
	s.requirePulse(t.String(), s.guest.Between(began, time.Now()))
	s.requireWrites(t)
	s.requireForeign(t)
	s.requireExplained(t, ended)
	if s.alone {
		s.requireIdle(t.String())
	}
	s.results.add(t.hazard.name, ended, s.home() == to, resumed)
	s.Logf("%s: %s, on %s after %.1f s%s; %d sectors written: %v",
		t, ended, s.home().Name, took.Seconds(), resumedText(resumed), s.guest.Writes(), err)
}

func resumedText(resumed bool) string {
	if resumed {
		return ", helped by a person"
	}
	return ""
}

// carryOut makes the move, and what goes wrong in it.
func (s *diskSoak) carryOut(t trip) error {
	hosts := []string{s.home().Name, s.other().Name}
	o := order{Hosts: hosts, VM: s.guest.Name, Destination: s.other().Name, Mode: t.mode, Policy: t.policy}
	if t.hazard.kills {
		return mover.KillAfter(s.Context(), o, t.after)
	}
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	if t.hazard.cancels {
		defer time.AfterFunc(t.after, cancel).Stop()
	}
	var striking sync.WaitGroup
	if t.hazard.strike != nil {
		striking.Add(1)
		timer := time.AfterFunc(t.after, func() { defer striking.Done(); t.hazard.strike(s, t) })
		defer func() {
			if timer.Stop() {
				striking.Done()
			}
			striking.Wait()
		}()
	}
	move, told := o.move(), 0
	move.Reading = func(r migration.Reading) {
		if len(r.Job.Disks) == len(s.guest.Disks()) {
			told++
		}
	}
	_, err := s.fleet.Move(ctx, move, func(fleet.Progress) {})
	if err == nil && t.fresh && told == 0 {
		s.Errorf("%s: no reading has figures of each disk", t)
	}
	return err
}

// stay is what a host says of the guest.
type stay struct {
	state     string
	job, qemu bool
}

func (s *diskSoak) ask(h *lab.Host) stay {
	now := stay{qemu: slices.Contains(s.guest.HostsRunning(), h.Name)}
	listed, err := h.Virsh(s.Context(), "list", "--all", "--uuid")
	if err != nil || !strings.Contains(listed, s.guest.UUID) {
		return now
	}
	state, _ := h.Virsh(s.Context(), "domstate", s.guest.UUID)
	now.state = strings.TrimSpace(state)
	job, err := h.Virsh(s.Context(), "domjobinfo", s.guest.UUID)
	now.job = err != nil && strings.Contains(err.Error(), "only on the source host") || err == nil && !strings.Contains(job, "None")
	return now
}

// settle waits until the guest runs on one host and the other one has nothing of it but a definition, and takes that host
// for its home. A guest that stays paused there is resumed, and one that stays paused beside the one that runs is ended, as
// a person would: it tells whether that was so.
func (s *diskSoak) settle(t trip) (resumed bool) {
	var stays [2]stay
	var since time.Time // of the present stays
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		before := stays
		for i, h := range s.world.Hosts {
			if !h.Running() {
				s.Logf("%s: libvirtd of %s has crashed", t, h.Name)
				s.try(h.Start(s.Context()))
			}
			stays[i] = s.ask(h)
		}
		if stays != before {
			since = time.Now()
		}
		at := slices.IndexFunc(stays[:], func(st stay) bool { return st.qemu && st.state == "running" })
		if at < 0 {
			at = max(0, slices.IndexFunc(stays[:], func(st stay) bool { return st.qemu }))
		}
		here, there := stays[at], stays[1-at]
		alone := !here.job && !there.qemu && !there.job && (there.state == "" || there.state == "shut off")
		switch {
		case alone && here.state == "running" && time.Since(since) > 300*time.Millisecond:
			if there.state != "" && !t.hazard.mayDefine {
				s.Errorf("%s: %s has a definition left: %v", t, s.world.Hosts[1-at].Name, stays)
			}
			s.at = at
			return resumed
		case alone && here.state == "paused" && !resumed && time.Since(since) > 5*time.Second:
			s.world.Hosts[at].MustVirsh(s, "resume", s.guest.UUID)
			resumed = true
		case here.state == "running" && there.state == "paused" && !here.job && !there.job && time.Since(since) > 10*time.Second:
			s.world.Hosts[1-at].MustVirsh(s, "destroy", s.guest.UUID)
			resumed = true
		}
	}
	stacks := make([]byte, 1<<20)
	s.Errorf("%s: the guest does not come to rest: %+v\n%s", t, stays, stacks[:runtime.Stack(stacks, true)])
	return resumed
}

// requireTrue wants what the move has said of the guest's place to be so.
func (s *diskSoak) requireTrue(t trip, err error, from, to *lab.Host) {
	var diagnosis migration.Diagnosis
	said := from
	switch {
	case errors.Is(err, lab.ErrKilled):
		return
	case err == nil:
		said = to
	case errors.As(err, &diagnosis):
		f := diagnosis.Common()
		switch f.Outcome.Place() {
		case migration.OnSource, migration.PausedOnSource:
			if f.MayGoOn() {
				return
			}
		case migration.OnDestination, migration.PausedOnDestination:
			said = to
		default:
			s.Logf("%s: the move says: %s", t, f.Outcome.Place())
			return
		}
	}
	if s.home() != said {
		s.Errorf("%s: the guest is on %s, and the move says %s: %v", t, s.home().Name, said.Name, err)
	}
}

// leftovers are what the guest's history says that its moves have left on the other host.
func (s *diskSoak) leftovers() []history.Leftover {
	var past history.History
	s.eventually("the history can be read", func() (read bool) {
		var err error
		_, past, err = s.fleet.History(s.Context(), s.guest.UUID)
		return err == nil
	})
	return past.Left(s.other().UUID)
}
