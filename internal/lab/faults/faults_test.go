//go:build lab

package faults

import (
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// chosenVariable says which scenarios run: those marked always, or chosenAll.
const (
	chosenVariable = "VIRT_FAULTS"
	chosenAll      = "all"
)

// scenarios are all of them, in the order of the table.
var scenarios = slices.Concat(
	qemuFaults,
	daemonFaults,
	linkFaults,
	callerFaults,
	settingFaults,
	rivalFaults,
	signalFaults,
	diskFaults,
)

func TestFaults(t *testing.T) {
	world, err := lab.Current()
	must(t, err)
	_, err = builtProvider()
	must(t, err)
	free := make(chan *lab.World, lanes)
	for lane := range lanes {
		free <- &lab.World{Hosts: world.Hosts[2*lane : 2*lane+2], Kernel: world.Kernel, Initrd: world.Initrd, SSH: world.SSH}
	}
	bystander := world.StartGuest(t, lab.IdleGuest("bystander"))
	results, began := newTable(), time.Now()
	t.Cleanup(func() { results.publish(t, time.Since(began)) })
	for s := range each(scenarios) {
		if !s.always && os.Getenv(chosenVariable) != chosenAll {
			results.skip(s.String())
			continue
		}
		t.Run(s.String(), func(t *testing.T) {
			results.expect(s.String()) // in order, before Parallel
			t.Parallel()
			lane := <-free
			t.Cleanup(func() { free <- lane })
			play(t, s, lane, bystander, results)
		})
	}
}

// each takes scenarios apart into those of one moment, one mode and one form.
func each(scenarios []scenario) iter.Seq[scenario] {
	return func(yield func(scenario) bool) {
		for _, s := range scenarios {
			for one := range s.withDefaults().parts() {
				if !yield(one) {
					return
				}
			}
		}
	}
}

// play plays one scenario in one mode on a lane's two hosts. The bystander is a guest that is not moved.
func play(t *testing.T, s scenario, lane *lab.World, bystander *lab.Guest, results *table) {
	from, to := lane.Hosts[0], lane.Hosts[1]
	spec := s.guest
	spec.Name, spec.Host = "web-"+from.Name, from.Name
	st := &stage{T: t, mode: s.modes[0], asked: s.asked[0], world: lane, from: from, to: to}
	st.rightSettings()
	st.guest = lane.StartGuest(t, spec)
	lane.HealAfter(t)
	if st.copies = s.copies; st.copies {
		st.addPools()
	}
	st.began = time.Now()
	if s.arrange != nil {
		s.arrange(st)
	}
	st.tf = newTerraform(t, st.configuration(st.asked, s.policy))
	st.run = st.tf.start(t, st.asked.arguments()...)
	st.struck = st.run.began
	if s.strike != nil {
		st.await(s.at[0])
		st.struck = time.Now()
		s.strike(st)
	}
	v := st.conclude(s)
	ended := time.Now()
	v.pulse, v.still = st.guest.Between(st.began, ended), bystander.Between(st.began, ended).LongestGap
	st.judge(s.want, v)
	switch {
	case t.Failed():
	case s.excused == "":
		v.next = st.nextApply(v.last.whereabouts())
	default:
		v.next = "not asked: " + s.excused
	}
	if t.Failed() {
		t.Logf("when Terraform ended: %s; in the end: %s%s", v.then, v.last, st.transcript())
	}
	result := row{fault: s.name, mode: st.mode, asked: string(st.asked), verdict: v, failed: t.Failed()}
	t.Logf("%s\n%s\n%s", strings.Join(result.cells(), " | "), v.claim.summary, v.claim.text)
	results.add(s.String(), result)
}

// conclude waits for Terraform's end, looks, heals, and looks again.
func (s *stage) conclude(of scenario) verdict {
	s.run.wait(s.T, of.want.within+patience)
	v := verdict{
		code:  s.run.code(),
		claim: s.run.said().claim(),
		took:  s.run.over.Sub(s.struck),
		then:  s.reality(),
	}
	if v.code != codeKilled {
		v.mute = s.mute()
	}
	if of.repair != nil {
		of.repair(s)
	}
	s.must(s.world.Heal(s.Context()))
	v.last = s.settled(of.want.ends)
	v.crashed = s.crashed
	return v
}
