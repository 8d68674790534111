//go:build lab

package defects

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// The numbers of good pairs: of all runs, and of a short one.
const (
	goodPairs      = 100
	shortGoodPairs = 10
)

// What the checks of one VM may cost, beside what is read once for a host.
const (
	callLimit = 15
	timeLimit = 150 * time.Millisecond
)

// seed makes the same guests in each run.
const seed = 20

// anyGuest is a guest that any of two hosts that are alike can run.
func anyGuest(r *rand.Rand) lab.GuestSpec {
	maybe := func(percent int) bool { return r.IntN(100) < percent }
	one := func(values ...string) string { return values[r.IntN(len(values))] }
	spec := lab.GuestSpec{
		Bare: maybe(50), State: lab.Paused, Machine: one("pc", "q35"), Transient: maybe(15), MemoryMiB: 16 << r.IntN(3),
	}
	if !spec.Bare {
		spec.MemoryMiB = 128
	}
	spec.Autostart = !spec.Transient && maybe(40)
	buses := []string{"virtio", "scsi"}
	if spec.Machine == "q35" {
		buses = append(buses, "sata")
	}
	for range r.IntN(4) {
		spec = spec.With(lab.Disk{Format: one("qcow2", "raw"), Bus: one(buses...), MiB: 1 << r.IntN(5)})
	}
	add := func(percent int, part lab.Part) {
		if maybe(percent) {
			spec = spec.With(part)
		}
	}
	if spec.Machine == "q35" {
		add(50, lab.CDROM{})
	}
	add(60, lab.Interface{Bridge: lab.Bridge})
	add(50, lab.Interface{Network: lab.Network})
	add(15, lab.Interface{Network: lab.Network, MAC: fmt.Sprintf("52:54:00:00:00:%02x", r.IntN(256))})
	add(60, lab.VNC{
		Listen: one("", "127.0.0.1", "0.0.0.0"), Port: []int{0, 0, 5970 + r.IntN(20)}[r.IntN(3)],
		Password: one("", lab.VNCPassword),
	})
	add(50, lab.Notes{Title: "Shop front", Description: "Serves the shop.", Metadata: lab.OtherMetadata})
	if !spec.Transient {
		add(15, lab.UEFI{})
		add(15, lab.TPM{})
	}
	return spec
}

// Nothing is found against a move between hosts that are alike, whatever the guest has; and the checks of a VM cost little.
func TestGoodPairs(t *testing.T) {
	world, count := current(), shortGoodPairs
	if all() {
		count = goodPairs
	}
	var counter lab.CallCounter
	source, destination := counted(t, &counter, world.Hosts[0]), counted(t, &counter, world.Hosts[1])
	from, to := preflight.Share(source), preflight.Share(destination)
	r := rand.New(rand.NewPCG(seed, seed))
	unchecked := map[preflight.Why]int{}
	alarms := 0
	var made []int
	var took []time.Duration
	for i := range count {
		s := newScene(t, anyGuest(r))
		for _, thorough := range []bool{false, true} {
			a := s.assess(thorough)
			for _, u := range a.Unchecked {
				if !thorough {
					unchecked[u.Why]++
				} else {
					unchecked[u.Why+" (thorough)"]++
				}
			}
			alarms += len(a.Findings)
			if len(a.Findings) > 0 || len(a.Notable()) > 0 {
				t.Errorf("pair %d, thorough %t, of %+v: found %v, not checked %v", i, thorough, s.guest.Spec, a.Findings, a.Notable())
			}
		}
		request := preflight.Request{Source: from.From(source), Destination: to, Move: migration.Request{
			UUID: s.guest.UUID, Name: s.guest.Name, Source: source, Destination: destination, Policy: policy.Resolve(policy.Levels{}),
		}}
		var a preflight.Assessment
		var calls int
		var lasted time.Duration
		for range 5 {
			known := time.Now()
			preflight.Assess(s.context(), request) // what is about the hosts is known now, some of it for a second
			counter.Take()
			began := time.Now()
			a = preflight.Assess(s.context(), request)
			lasted = time.Since(began)
			calls = counter.TakeAboutVMs()
			// Another call may forget what is known of a host, as one that failed does; not five times in turn.
			if time.Since(known) < time.Second && calls <= callLimit {
				break
			}
		}
		took, made = append(took, lasted), append(made, calls)
		if len(a.Findings) > 0 {
			t.Errorf("pair %d, with shared hosts: found %v", i, a.Findings)
		}
		if err := s.guest.Remove(s.context()); err != nil {
			t.Error(err)
		}
	}
	text := fmt.Sprintf("%d pairs of seed %d, each checked by a plan and thoroughly: %d findings.\n\n", count, seed, alarms)
	var rows [][]string
	for _, why := range slices.Sorted(maps.Keys(unchecked)) {
		rows = append(rows, []string{string(why), fmt.Sprint(unchecked[why])})
	}
	text += markdown([]string{"Not checked", "Times"}, rows)
	calls, times := spread(made), spread(took)
	text += fmt.Sprintf("\nThe checks of one VM by a plan, without what is known of the hosts: %d, %d, %d calls (least, median, most); "+
		"%v, %v, %v.\n", calls[0], calls[1], calls[2], times[0].Round(time.Millisecond), times[1].Round(time.Millisecond),
		times[2].Round(time.Millisecond))
	publish(t, "Good pairs", text)
	if calls[2] > callLimit {
		t.Errorf("a VM takes up to %d calls, more than %d", calls[2], callLimit)
	}
	// A busy machine makes any call slow; the quickest shows what the checks themselves take.
	if times[0] > timeLimit {
		t.Errorf("a VM takes %v and more, longer than %v", times[0], timeLimit)
	}
}

// spread is the least, the median and the most.
func spread[T int | time.Duration](all []T) [3]T {
	sorted := slices.Sorted(slices.Values(all))
	return [3]T{sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1]}
}

// counted is a host that is reached through a counter.
func counted(t *testing.T, c *lab.CallCounter, h *lab.Host) *host.Host {
	t.Helper()
	reached, err := host.New(host.Config{Name: h.Name, URI: h.CountedURI(t, c)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reached.Close() })
	return reached
}
