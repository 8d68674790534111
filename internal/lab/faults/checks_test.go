//go:build lab

package faults

import (
	"testing"
)

// TestContradiction makes sure that the suite notices a provider that does not tell the truth.
func TestContradiction(t *testing.T) {
	t.Parallel()
	running, paused, mute := observation{state: "running", qemu: true}, observation{state: "paused", qemu: true}, observation{state: silent}
	tests := map[string]struct {
		line    string
		reality reality
		mute    []string
		mayGoOn bool
		wrong   bool
	}{
		"may go on":              {line: "VM web is running on source", mayGoOn: true, reality: reality{source: observation{state: "running", qemu: true, job: true}}},
		"does not go on":         {line: "VM web is running on source", mayGoOn: true, reality: reality{source: running}, wrong: true},
		"runs there":             {line: "VM web is running on source", reality: reality{source: running}},
		"moved":                  {line: "VM web is running on destination: moved from source in 3s", reality: reality{destination: running}},
		"runs elsewhere":         {line: "VM web is running on source", reality: reality{destination: running}, wrong: true},
		"runs twice":             {line: "VM web is running on source", reality: reality{source: running, destination: running}, wrong: true},
		"is paused, not running": {line: "VM web is running on source", reality: reality{source: paused}, wrong: true},
		"is running, not paused": {line: "VM web is paused on source", reality: reality{source: running}, wrong: true},
		"is gone":                {line: "VM web is running on source", wrong: true},
		"runs nowhere":           {line: "VM web is running neither on source nor on destination"},
		"runs after all":         {line: "VM web is running neither on source nor on destination", reality: reality{source: running}, wrong: true},
		"host is mute":           {line: "VM web is not running on destination; whether it is running on source is not known, because source does not answer", reality: reality{source: mute}, mute: []string{sourceName}},
		"host is not mute":       {line: "VM web is not running on destination; whether it is running on source is not known, because source does not answer", reality: reality{source: running}, wrong: true},
		"nobody knows":           {line: "VM web is running on source", reality: reality{source: mute}, mute: []string{sourceName}, wrong: true},
		"nobody knows of both":   {line: "VM web is running neither on source nor on destination", reality: reality{source: mute}, mute: []string{sourceName}, wrong: true},
		"other host runs it":     {line: "VM web is not running on destination; whether it is running on source is not known, because source does not answer", reality: reality{source: mute, destination: running}, mute: []string{sourceName}, wrong: true},
		"both are mute":          {line: "Where VM web is running is not known, because neither source nor destination answers", mute: []string{sourceName, destinationName}},
		"only one is mute":       {line: "Where VM web is running is not known, because neither source nor destination answers", mute: []string{sourceName}, wrong: true},
		"memory is split":        {line: "VM web cannot go on: a part of its memory is on destination and the rest was on source", reality: reality{source: observation{state: "paused", reason: "post-copy failed"}}},
		"memory is not split":    {line: "VM web cannot go on: a part of its memory is on destination and the rest was on source", reality: reality{source: running}, wrong: true},
		"says nothing":           {line: "Something went wrong.", reality: reality{source: running}, wrong: true},
		"says nothing of where":  {line: "VM web is fine", reality: reality{source: running}, wrong: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := (claim{line: test.line, mayGoOn: test.mayGoOn}).contradiction(test.reality, test.mute); (err != nil) != test.wrong {
				t.Errorf("got %v, want wrong: %t", err, test.wrong)
			}
		})
	}
}

// TestWhereabouts makes sure that the suite takes for right only what is right.
func TestWhereabouts(t *testing.T) {
	t.Parallel()
	running, paused := observation{state: "running", qemu: true}, observation{state: "paused", reason: "migrating", qemu: true}
	defined, waiting, busy := observation{state: "shut off"}, observation{state: "paused", qemu: true}, running
	busy.job = true
	transient := running
	transient.transient = true
	broken := observation{state: "paused", reason: "post-copy failed", qemu: true}
	tests := map[string]struct {
		reality reality
		want    whereabouts
		copies  int
	}{
		"only on the source":                  {reality{source: running}, onSource, 1},
		"only on the destination":             {reality{destination: running}, onDestination, 1},
		"on both":                             {reality{running, running}, unexpected, 2},
		"an incoming domain is left":          {reality{running, waiting}, unexpected, 1},
		"a QEMU is left that no libvirtd has": {reality{running, observation{qemu: true}}, unexpected, 1},
		"a definition is left there":          {reality{running, defined}, onSourceDefined, 1},
		"a definition is left behind":         {reality{defined, running}, unexpected, 1},
		"a stopped copy is left behind":       {reality{paused, running}, unexpected, 1},
		"a job is left":                       {reality{source: busy}, unexpected, 1},
		"its definition was lost":             {reality{destination: transient}, unexpected, 1},
		"waits for its client":                {reality{source: paused}, pausedOnSource, 0},
		"was suspended":                       {reality{source: observation{state: "paused", reason: "user", qemu: true}}, unexpected, 0},
		"is shut off":                         {reality{source: defined}, onNeither, 0},
		"is gone":                             {reality{}, onNeither, 0},
		"is in two parts":                     {reality{broken, broken}, splitMemory, 0},
		"only one part is left":               {reality{destination: broken}, unexpected, 0},
		"one host is mute":                    {reality{observation{state: silent, qemu: true}, running}, unexpected, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.reality.whereabouts(); got != test.want {
				t.Errorf("whereabouts %q, want %q", got, test.want)
			}
			if got := test.reality.copies(); got != test.copies {
				t.Errorf("%d copies, want %d", got, test.copies)
			}
		})
	}
}
