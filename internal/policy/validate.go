package policy

import (
	"fmt"
	"slices"
)

// Problem is what is wrong with one field of a policy.
type Problem struct {
	Field Field
	// Text is a sentence that says what is wrong and what would be right.
	Text string
}

// Validate says what is wrong with a policy as one level declares it: values
// out of range, and fields that contradict each other on this level. What
// contradicts only across levels is for Effective.Conflicts.
func (p Policy) Validate() []Problem {
	return slices.Concat(p.valueProblems(), p.contradictions(), p.beyondTop(), p.presetProblems())
}

func (p Policy) valueProblems() []Problem {
	var problems []Problem
	for _, d := range table {
		if text := d.problem(&p); text != "" {
			problems = append(problems, Problem{d.Field, text})
		}
	}
	return problems
}

func (p Policy) contradictions() []Problem {
	var problems []Problem
	for _, d := range table {
		for _, text := range d.contradictions(&p) {
			problems = append(problems, Problem{d.Field, text})
		}
	}
	return problems
}

// contradictions follows what libvirt and QEMU refuse, or silently ignore, when
// this field and another are written down together.
func (d *Definition) contradictions(p *Policy) []string {
	var texts []string
	if feature := d.Tunes; feature != "" && d.asks(p) && definition(feature).switchedOff(p) {
		texts = append(texts, fmt.Sprintf("%s tunes %s, which is set to %s on the same level. Remove one of the two.",
			d.Field, feature, definition(feature).text(p)))
	}
	for _, c := range d.conflicts(p) {
		texts = append(texts, c.text)
	}
	return texts
}
