package faults

import (
	"os"
	"slices"
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
)

func TestFaults(t *testing.T) {
	world, err := lab.Current()
	must(t, err)
	free := make(chan *lab.World, lanes)
	for lane := range lanes {
		free <- &lab.World{Hosts: world.Hosts[2*lane : 2*lane+2], Kernel: world.Kernel, Initrd: world.Initrd, SSH: world.SSH}
	}
	results, began := newTable(), time.Now()
	t.Cleanup(func() { results.publish(t, time.Since(began)) })
	for _, s := range scenarios {
		s = s.withDefaults()
		if !s.always && os.Getenv(chosenVariable) != chosenAll {
			results.skip(s.name)
			continue
		}
		for _, mode := range s.modes {
			name := s.name + "/" + mode
			results.expect(name)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lane := <-free
				t.Cleanup(func() { free <- lane })
				play(t, s, mode, lane, results)
			})
		}
	}
}

// play plays one scenario in one mode on a lane's two hosts.
func play(t *testing.T, s scenario, mode string, lane *lab.World, results *table) {
	from, to := lane.Hosts[0], lane.Hosts[1]
	spec := s.guest
	spec.Name, spec.Host = "web-"+from.Name, from.Name
	st := &stage{
		T: t, mode: mode, world: lane, from: from, to: to,
		settings: settings{sourceURI: from.URI, destinationURI: to.URI, peerURI: to.PeerURI, migrationURI: to.MigrationURI},
	}
	st.guest = lane.StartGuest(t, spec)
	lane.HealAfter(t)
	began := time.Now()
	if s.arrange != nil {
		s.arrange(st)
	}
	st.tf = newTerraform(t, st.configuration(s.asked, s.policy))
	st.run = st.tf.start(t, s.asked.arguments()...)
	st.struck = st.run.began
	if s.strike != nil {
		st.await(s.at)
		st.struck = time.Now()
		s.strike(st)
	}
	v := st.conclude(s)
	v.pulse = st.guest.Between(began, time.Now())
	st.judge(s.want, v)
	if s.excused == "" && !t.Failed() {
		v.next = st.nextApply(s.asked)
	}
	if t.Failed() {
		t.Logf("then: %s; last: %s%s", v.then, v.last, st.transcript())
	}
	results.add(s.name+"/"+mode, row{fault: s.name, mode: mode, asked: string(s.asked), verdict: v, failed: t.Failed()})
}

// conclude waits for Terraform's end, looks, heals, and looks again.
func (s *stage) conclude(of scenario) verdict {
	s.run.wait(s.T, of.want.within+patience)
	v := verdict{
		code:  s.run.code(),
		claim: s.run.said().claim(),
		took:  s.run.over.Sub(s.struck),
		then:  s.look(),
	}
	if isHidden.MatchString(v.claim.line) {
		v.mute = s.mute()
	}
	if of.repair != nil {
		of.repair(s)
	}
	s.must(s.world.Heal(s.Context()))
	v.last = s.settled(of.want.places)
	return v
}
