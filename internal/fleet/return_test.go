package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// returner brings VMs back to kvm1 on the stage: those that are moved are on kvm2, and those that start are off.
func (s *stage) returner(off map[string]placement.VM, moved ...string) *returner {
	r := &returner{
		fleet: s.fleet, member: Member{Name: "kvm1"}, of: emptied{id: "id"}, lapsed: map[string]int{}, carry: s.carry,
		report: func(EvacuationProgress) {},
	}
	r.see = func(ctx context.Context) (returning, error) {
		w := s.world(s.fleet.promises.toOthers(""))
		for uuid, p := range s.fleet.promises.toOthers("") {
			if p.off != nil {
				starting := *p.off
				starting.UUID = uuid
				bind(&starting, p.host)
				w.VMs = append(w.VMs, starting)
			}
		}
		seen := returning{Return: Return{Host: r.member}, off: off, world: w}
		for _, uuid := range moved {
			if vm := s.vm(uuid); vm.Host == "kvm2" {
				seen.Move = append(seen.Move, evacuation.VM{UUID: uuid, Name: uuid, Host: "kvm2", Active: true})
			}
		}
		for uuid := range off {
			seen.Start = append(seen.Start, evacuation.VM{UUID: uuid, Name: uuid, Host: "kvm1", Past: evacuation.Past{Stopped: policy.EvacuateShutDown}})
		}
		return seen, wait(ctx, 100*time.Millisecond)
	}
	return r
}

func (s *stage) vm(uuid string) placement.VM {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vms[uuid]
}

// on are how many VMs a host has.
func (s *stage) on(host string) (count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, vm := range s.vms {
		if vm.Host == host {
			count++
		}
	}
	return count
}

// uuids are those of VMs.
func uuids(vms []evacuation.VM) (uuids []string) {
	for _, vm := range vms {
		uuids = append(uuids, vm.UUID)
	}
	return uuids
}

// What comes back has its room from before the host is opened: others that choose it meanwhile get what is left.
func TestReturn_hasItsRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 13, "kvm2": 16, "kvm3": 16})
		s.put("kvm2", 3, 4)
		s.put("kvm3", 2, 4)
		r := s.returner(nil, "vm0", "vm1", "vm2")
		defer r.release()
		if _, err := r.reserve(t.Context()); err != nil {
			t.Fatal(err)
		}
		var last Return
		var running sync.WaitGroup
		running.Go(func() { s.choose(t, "vm3", "kvm1") })
		running.Go(func() { s.choose(t, "vm4", "kvm1") })
		crew := newCrew("kvm1", s.fleet.promises, 1, false, func(EvacuationProgress) {})
		var err error
		if last, err = r.bringBack(t.Context(), crew); err != nil {
			t.Error(err)
		}
		running.Wait()
		if len(s.twice)+len(crew.failures)+len(last.Stuck) > 0 || s.on("kvm1") != 3 || s.on("kvm3") != 2 {
			t.Errorf("promised twice: %v; failed: %v; stuck: %v; %d are back", s.twice, crew.failures, last.Stuck, s.on("kvm1"))
		}
		r.release()
		if left := s.fleet.promises.toOthers(""); len(left) > 0 {
			t.Errorf("still promised: %v", left)
		}
	})
}

// A VM for which there is no room any more stays where it is, with what the host lacks, and all others come back.
func TestReturn_leavesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 13, "kvm2": 32})
		s.put("kvm2", 1, 9)
		s.put("kvm2", 2, 4)
		s.put("kvm1", 1, 1)
		r := s.returner(nil, "vm0", "vm1", "vm2")
		crew := newCrew("kvm1", s.fleet.promises, 2, false, func(EvacuationProgress) {})
		last, err := r.bringBack(t.Context(), crew)
		if err != nil || s.on("kvm1") != 3 || len(s.twice) > 0 {
			t.Errorf("%v, %d are back, promised twice: %v", err, s.on("kvm1")-1, s.twice)
		}
		want := []StuckVM{{
			VM:      evacuation.VM{UUID: "vm0", Name: "vm0", Host: "kvm2", Active: true},
			Binding: placement.MemoryShort{Need: 9 << 30, Room: 4 << 30, Total: 13 << 30}, Host: "kvm1",
		}}
		if diff := cmp.Diff(want, last.Stuck); diff != "" {
			t.Errorf("stuck (-want +got):\n%s", diff)
		}
	})
}

// What is off counts once, also while it starts, and nobody is given its room.
func TestReturn_countsWhatStarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 8, "kvm2": 16})
		s.put("kvm2", 1, 3)
		off := map[string]placement.VM{"off": {UUID: "off", Name: "off", Memory: 5 << 30}, "large": {UUID: "large", Name: "large", Memory: 9 << 30}}
		r := s.returner(off, "vm0")
		look := func() Return {
			back, sizes, err := r.look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			r.release()
			r.promise(back, sizes)
			return back
		}
		for range 2 { // the second look has what the first has promised
			back := look()
			got := map[string][]string{"start": uuids(back.Start), "move": uuids(back.Move)}
			for _, stuck := range back.Stuck {
				got["stuck"] = append(got["stuck"], stuck.VM.UUID)
			}
			if diff := cmp.Diff(map[string][]string{"start": {"off"}, "move": {"vm0"}, "stuck": {"large"}}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		r.failed = map[string]bool{"off": true}
		r.release()
		if back := look(); len(back.Start) != 1 || len(back.Move) != 1 {
			t.Errorf("after a failure: %+v", back)
		}
		if _, promised := s.fleet.promises.toOthers("")["off"]; promised {
			t.Error("a VM that is not tried again has room")
		}
	})
}

// What comes between is looked at again, a bounded number of times.
func TestReturn_lapses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lapses, failures, back int
	}{
		"once":          {1, 0, 1},
		"for ever":      {1000, 1, 0},
		"up to the end": {mostLapses, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, map[string]uint64{"kvm1": 8, "kvm2": 16})
				s.put("kvm2", 1, 3)
				r := s.returner(nil, "vm0")
				tries := 0
				r.carry = func(ctx context.Context, m Move, report func(Progress)) (Moved, error) {
					if !m.chosen {
						t.Error("the move does not look again")
					}
					if tries++; tries <= test.lapses {
						return Moved{}, &LapsedChoiceError{Host: "kvm1", Why: placement.Cordoned{}}
					}
					return s.carry(ctx, m, report)
				}
				crew := newCrew("kvm1", s.fleet.promises, 2, false, func(EvacuationProgress) {})
				_, err := r.bringBack(t.Context(), crew)
				if err != nil || len(crew.failures) != test.failures || s.on("kvm1") != test.back {
					t.Errorf("%v, %v, %d are back", err, crew.failures, s.on("kvm1"))
				}
			})
		})
	}
}

// TestEvacuate_lapses: a VM whose host has filled up goes to another one.
func TestEvacuate_lapses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 8, "kvm2": 16, "kvm3": 8}, "kvm1")
		s.put("kvm1", 1, 3)
		e, crew := s.drain("kvm1")
		e.carry = func(ctx context.Context, m Move, report func(Progress)) (Moved, error) {
			if m.Destination == "kvm2" {
				s.put("kvm2", 1, 15) // somebody starts a VM
				return Moved{}, &LapsedChoiceError{Host: "kvm2", Why: placement.MemoryShort{}}
			}
			return s.carry(ctx, m, report)
		}
		if _, err := e.empty(t.Context(), crew, "id"); err != nil || len(crew.failures) > 0 || s.on("kvm3") != 1 {
			t.Errorf("%v, %v, %d on kvm3", err, crew.failures, s.on("kvm3"))
		}
	})
}

// TestEvacuate_openedMeanwhile: once somebody has opened the host, and brings its VMs back, none is moved away again.
func TestEvacuate_openedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 8, "kvm2": 16}, "kvm1")
		s.put("kvm1", 3, 1)
		e, crew := s.drain("kvm1")
		e.Cordon = true
		e.carry = func(ctx context.Context, m Move, report func(Progress)) (Moved, error) {
			s.mu.Lock()
			s.cordoned = nil
			s.mu.Unlock()
			return s.carry(ctx, m, report)
		}
		var opened *OpenedError
		if _, err := e.empty(t.Context(), crew, "id"); !errors.As(err, &opened) || len(crew.failures) > 0 {
			t.Errorf("%v, failed: %v", err, crew.failures)
		}
		if on := s.on("kvm1"); on != 1 { // two are moved at a time
			t.Errorf("%d are on kvm1", on)
		}
	})
}

// TestEvacuate_endedMeanwhile: a VM whose guest has shut down before its move could start was not moved, and nobody is
// told so.
func TestEvacuate_endedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 8, "kvm2": 16})
		s.cordoned = []string{"kvm1"}
		s.put("kvm1", 1, 3)
		e, crew := s.drain("kvm1")
		e.carry = func(_ context.Context, m Move, _ func(Progress)) (Moved, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.vms, m.UUID)
			return Moved{Location: Location{Host: "kvm1"}, LeftShutOff: true}, nil
		}
		if _, err := e.empty(t.Context(), crew, "id"); err != nil || len(crew.failures) > 0 || len(crew.done) > 0 {
			t.Errorf("%v, failed: %v, done: %v", err, crew.failures, crew.done)
		}
	})
}

// TestEvacuate_unwritten: a VM whose history lacks its move is written once more at the end, or named.
func TestEvacuate_unwritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 8, "kvm2": 16})
		s.cordoned = []string{"kvm1"}
		s.put("kvm1", 3, 1)
		e, crew := s.drain("kvm1")
		e.carry = func(ctx context.Context, m Move, report func(Progress)) (Moved, error) {
			moved, err := s.carry(ctx, m, report)
			moved.Entry.ID = m.UUID
			if m.UUID != "vm0" {
				moved.HistoryErr = errFatal
			}
			return moved, err
		}
		var written, told []string
		crew.report = func(p EvacuationProgress) {
			if p.Unwritten != nil {
				s.mu.Lock()
				defer s.mu.Unlock()
				told = append(told, p.VM.UUID+" on "+p.To)
			}
		}
		e.write = func(_ context.Context, m unwrittenMove) error {
			if s.on("kvm1") > 0 {
				t.Error("it is written before the end")
			}
			if m.vm.UUID == "vm1" {
				return &UnwrittenError{From: m.vm.Host, Err: m.err}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			written = append(written, m.entry.ID)
			return nil
		}
		if _, err := e.empty(t.Context(), crew, "id"); err != nil {
			t.Error(err)
		}
		var unwritten *UnwrittenError
		if len(crew.failures) != 1 || crew.failures[0].VM.UUID != "vm1" || !errors.As(crew.failures[0].Err, &unwritten) {
			t.Errorf("failed: %v", crew.failures)
		}
		if diff := cmp.Diff([]string{"vm2"}, written); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		slices.Sort(told)
		if diff := cmp.Diff([]string{"vm1 on kvm2", "vm2 on kvm2"}, told); diff != "" {
			t.Errorf("told at once (-want +got):\n%s", diff)
		}
	})
}
