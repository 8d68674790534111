//go:build lab

package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// claim is what the provider said of the outcome.
type claim struct {
	// summary is the title of the first error; empty when there was none.
	summary string
	// text is all of the first error, or of the progress of an action.
	text string
	// line is the last line of it: where the VM is. mayGoOn is true where it adds that the migration may go on.
	line    string
	mayGoOn bool
}

// claim reads what Terraform printed.
func (s said) claim() claim {
	switch {
	case len(s.errors) > 0:
		first := s.errors[0]
		line, mayGoOn := strings.CutSuffix(lastLine(first.Detail), "; its migration to "+destinationName+" may still go on")
		return claim{summary: first.Summary, text: first.Detail, line: line, mayGoOn: mayGoOn}
	case len(s.progress) > 0:
		text := strings.Join(s.progress, "\n")
		return claim{text: text, line: lastLine(text)}
	}
	return claim{}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// One word for a host, and the forms that a last line can have.
var (
	runsOn   = regexp.MustCompile(`^VM \S+ is (running|paused) on (\S+?)(: moved from .*)?$`)
	runsNot  = regexp.MustCompile(`^VM \S+ is running neither on source nor on destination$`)
	isSplit  = regexp.MustCompile(`^VM \S+ cannot go on: `)
	isHidden = regexp.MustCompile(`^(?:Where VM \S+ is running|VM \S+ is (not running|paused) on (\S+); whether it is running on \S+) is not known, because (?:neither source nor destination answers|(\S+) does not answer)$`)
)

// contradiction says how the claim differs from what is true, or from what can be known; nil when it does not. mute are
// the hosts that did not answer when it was made.
func (c claim) contradiction(r reality, mute []string) error {
	observed := map[string]observation{sourceName: r.source, destinationName: r.destination}
	if c.mayGoOn && len(mute) == 0 && !r.source.job && r.source.state != "paused" { // by a QEMU that does not answer
		return fmt.Errorf("it says that the migration may go on, but the truth is: %s", r)
	}
	if m := runsOn.FindStringSubmatch(c.line); m != nil {
		here, there := observed[m[2]], observed[sourceName]
		if m[2] == sourceName {
			there = observed[destinationName]
		}
		switch {
		case slices.Contains(mute, m[2]):
			return fmt.Errorf("it says %q, but %s does not answer", c.line, m[2])
		case here.state != m[1] || there.runs():
			return fmt.Errorf("it says %q, but the truth is: %s", c.line, r)
		}
		return nil
	}
	switch m := isHidden.FindStringSubmatch(c.line); {
	case runsNot.MatchString(c.line):
		switch {
		case len(mute) > 0:
			return fmt.Errorf("it says %q, but %s does not answer", c.line, mute)
		case r.copies() > 0:
			return fmt.Errorf("it says %q, but the truth is: %s", c.line, r)
		}
		return nil
	case isSplit.MatchString(c.line):
		if !r.source.split() && !r.destination.split() {
			return fmt.Errorf("it says %q, but the truth is: %s", c.line, r)
		}
		return nil
	case m == nil:
		return fmt.Errorf("the last line does not say where the VM is: %q", c.line)
	default:
		return c.hidden(m[1], observed[m[2]], m[3], mute)
	}
}

// hidden looks at a claim that a host does not answer, and at what it says of the other host.
func (c claim) hidden(state string, here observation, host string, mute []string) error {
	hosts := []string{host}
	if host == "" {
		hosts = []string{sourceName, destinationName}
	}
	for _, name := range hosts {
		if !slices.Contains(mute, name) {
			return fmt.Errorf("it says %q, but %s does answer", c.line, name)
		}
	}
	if state == "not running" && here.runs() || state == "paused" && here.state != "paused" {
		return fmt.Errorf("it says %q, but there the truth is: %s", c.line, here)
	}
	return nil
}
