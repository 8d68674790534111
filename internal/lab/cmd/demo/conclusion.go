package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// conclude says whether the story came true.
func (p *performance) conclude(took time.Duration) error {
	wrong := contradictions(p.rows)
	if err := p.vm.Failure(); err != nil {
		wrong = append(wrong, "the VM failed: "+err.Error())
	}
	if len(wrong) > 0 {
		return errors.New("The story did not come true:\n  - " + strings.Join(wrong, "\n  - "))
	}
	say("\nThe VM lost no heartbeat in any step. All of this took %s.", took.Round(time.Second))
	return nil
}

// contradictions lists what did not go as the story says.
func contradictions(rows []row) []string {
	var wrong []string
	claim := func(holds bool, format string, args ...any) {
		if !holds {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	off, converge, compress, alone := rows[0], rows[1], rows[2], rows[3]
	claim(off.ended(notConverged), "step 1 was to end with %q; it %s", notConverged, off.outcome())
	claim(slices.Equal(off.hosts, []string{"kvm1"}), "after step 1 the VM was to run on kvm1; it runs on %s",
		strings.Join(off.hosts, " and "))
	claim(!off.Policy.AutoConverge && !off.Policy.Compression, "in step 1 both switches were to be off")
	claim(converge.arrived(), "step 2 was to arrive; it %s", converge.outcome())
	claim(converge.Policy.AutoConverge && converge.Origins["auto_converge"] == "cluster", "in step 2 auto_converge was "+
		"to come from the cluster")
	claim(compress.arrived(), "step 3 was to arrive; it %s", compress.outcome())
	claim(compress.Policy.Compression && compress.Origins["compression"] == "vm", "in step 3 compression was to "+
		"come from the VM")
	claim(alone.arrived(), "step 4 was to arrive; it %s", alone.outcome())
	claim(!alone.Policy.AutoConverge && alone.Policy.Compression, "in step 4 only compression was to be on")
	if converge.arrived() && compress.arrived() {
		claim(compress.report.Move.Figures.DurationMS < converge.report.Move.Figures.DurationMS,
			"step 3 was to arrive sooner than step 2; it took %s, step 2 %s", compress.duration(), converge.duration())
	}
	for i, r := range rows {
		claim(len(r.pulse.Lost) == 0, "in step %d the VM lost %d heartbeats", i+1, len(r.pulse.Lost))
		claim(len(r.pulse.Repeated) == 0, "in step %d %d heartbeats came twice: two copies of the VM ran", i+1,
			len(r.pulse.Repeated))
		if r.arrived() {
			claim(slices.Equal(r.hosts, []string{r.step.destination}), "after step %d the VM was to run on %s; it runs on %s",
				i+1, r.step.destination, strings.Join(r.hosts, " and "))
		}
	}
	return wrong
}
