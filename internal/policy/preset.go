package policy

import (
	"fmt"
	"slices"
)

// Preset is a name for values of several fields: oVirt's migration policies, with its
// numbers (MigrationPolicies of its engine-config). They belong to version 1 of records, and
// never change: a record holds the name alone.
type Preset string

// The presets, by oVirt's names: "Minimal downtime", "Suspend workload if needed",
// "Post-copy migration" and "Very large VMs".
const (
	MinimalDowntime  Preset = "minimal_downtime"
	SuspendIfNeeded  Preset = "suspend_if_needed"
	PostCopyIfNeeded Preset = "post_copy"
	VeryLarge        Preset = "very_large"
)

// Presets lists the presets.
func Presets() []Preset {
	return []Preset{MinimalDowntime, SuspendIfNeeded, PostCopyIfNeeded, VeryLarge}
}

// policy is what the preset stands for; nothing where it is none.
func (name Preset) policy() Policy {
	switch name {
	case MinimalDowntime:
		return stepwise(100, 150, 200, 300, 400, 500)
	case SuspendIfNeeded:
		p := stepwise(100, 150, 200, 300, 400, 500, 5000)
		p.Compression = new(true)
		return p
	case PostCopyIfNeeded:
		p := stepwise(100, 150, 200)
		p.PostCopy, p.OnTimeout = new(true), new(SwitchToPostCopy)
		return p
	case VeryLarge:
		p := stepwise(300, 400, 500, 700, 1000, 1500, 5000)
		p.ZeroCopy = new(true)
		return p
	}
	return Policy{}
}

// stepwise is what all presets have: auto-converge and a schedule, up to its last step
// whatever weaker levels allow.
func stepwise(schedule ...int64) Policy {
	return Policy{
		AutoConverge:       new(true),
		DowntimeScheduleMS: new(Numbers(schedule)),
		MaxDowntimeMS:      new(schedule[len(schedule)-1]),
	}
}

// Expanded is the policy with what its preset stands for in the fields that it leaves out.
func (p Policy) Expanded() Policy {
	if p.Preset == nil {
		return p
	}
	stands := p.Preset.policy()
	expanded, levels := Policy{}, []*Policy{&p, &stands}
	for i := range table {
		table[i].decide(&expanded, levels)
	}
	return expanded
}

// presetProblems are the fields that say otherwise than the preset of the same level; where
// there is none, the contradictions between what it stands for and other fields.
func (p Policy) presetProblems() []Problem {
	if p.Preset == nil {
		return nil
	}
	name, of := string(*p.Preset), p.Preset.policy()
	var problems []Problem
	for _, d := range table {
		if d.isSet(&of) && d.isSet(&p) && !d.equal(&of, &p) {
			problems = append(problems, Problem{d.Field, fmt.Sprintf(
				"preset %q stands for %s = %s, and it is %s on the same level. Remove one of the two, or set %s on a "+
					"stronger level.", name, d.Field, d.text(&of), d.text(&p), d.Field)})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	own := p.contradictions()
	for _, found := range p.Expanded().contradictions() {
		if !slices.Contains(own, found) {
			problems = append(problems, Problem{FieldPreset, fmt.Sprintf(
				"preset %q contradicts a field of the same level. %s: %s", name, found.Field, found.Text)})
		}
	}
	return problems
}
