package fleet

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// finding is what is to be said of one or several copies.
type finding struct {
	// one and many are the verb for one copy and for several.
	one, many string
	rest      string
}

// deviation is how a copy is not what is declared; false when it is.
func (d Declaration) deviation(c Copy) (finding, bool) {
	switch {
	case c.Document == nil:
		return finding{"is missing", "are missing", ""}, true
	case c.Invalid != nil:
		return finding{"cannot be read: ", "cannot be read: ", c.Invalid.Error()}, true
	case !d.matches(c.Record):
		return finding{"differs: ", "differ: ", d.differences(c.Record)}, true
	default:
		return finding{}, false
	}
}

// Deviations says of each copy that is not what is declared, in a few words, how:
// "missing", "unreadable", or "differs: " with the fields. Keys are hosts, or
// "live" and "config" for the copies that a domain has.
type Deviations map[string]string

func (d Declaration) deviations(copies []Copy) Deviations {
	all := Deviations{}
	for _, c := range copies {
		key := cmp.Or(c.Place, c.Host)
		switch {
		case c.Document == nil:
			all[key] = "missing"
		case c.Invalid != nil:
			all[key] = "unreadable"
		case !d.matches(c.Record):
			all[key] = "differs: " + strings.Join(d.differing(c.Record), ", ")
		}
	}
	return all
}

// differing names what a record has otherwise than declared. In another cluster's
// no field is worth a word.
func (d Declaration) differing(r policy.Record) []string {
	if !d.named(r) {
		return []string{"cluster"}
	}
	var names []string
	for _, difference := range r.Policy.Differences(d.Policy) {
		names = append(names, string(difference.Field))
	}
	return names
}

// drift says in words which copies are not what is declared, and how.
func (d Declaration) drift(copies ...Copy) []string { return tellOf(copies, d.deviation) }

// unknownMembers says in words which copies have members that this release does
// not know.
func unknownMembers(copies []Copy) []string {
	return tellOf(copies, func(c Copy) (finding, bool) {
		names := c.Record.UnknownMembers()
		return finding{"has ", "have ", Quote(names)}, len(names) > 0
	})
}

// tellOf says once what is to be said of several copies.
func tellOf(copies []Copy, find func(Copy) (finding, bool)) []string {
	var order []finding
	subjects := map[finding][]Copy{}
	for _, c := range copies {
		f, found := find(c)
		if !found {
			continue
		}
		if len(subjects[f]) == 0 {
			order = append(order, f)
		}
		subjects[f] = append(subjects[f], c)
	}
	texts := make([]string, len(order))
	for i, f := range order {
		of := subjects[f]
		if len(of) == 1 {
			texts[i] = fmt.Sprintf("%s %s%s", of[0], f.one, f.rest)
		} else {
			texts[i] = fmt.Sprintf("%s %s%s", several(of), f.many, f.rest)
		}
	}
	return texts
}

// several names copies for people: those of one level on several hosts, or the
// two that a domain has.
func several(copies []Copy) string {
	if copies[0].VM != "" {
		return "both copies on " + copies[0].Host
	}
	return "the copies on " + strings.Join(hostsOf(copies), ", ")
}
