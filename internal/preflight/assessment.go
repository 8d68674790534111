package preflight

import (
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// checkDeadline bounds all checks of a move together, which hold its slots before the
// start, and the reading of the definition before them. It exceeds the longest stall seen
// of an honest daemon, 4.6 s behind a burst of slow calls.
const checkDeadline = 10 * time.Second

// Assessment is what speaks against a move, and what could not be checked.
type Assessment struct {
	migration.Assessment

	// Unchecked has each check that could not be made, in the table's order.
	Unchecked []Unchecked
	// Disks are what becomes of the VM's disks; none where the policy copies none.
	Disks Disks
}

// Notable lists what could not be checked and an operator should hear of unasked:
// something is not as it usually is, and no finding tells of it.
func (a Assessment) Notable() []Unchecked {
	var notable []Unchecked
	for _, u := range a.Unchecked {
		switch u.Why {
		case Unread, Denied, Late, Failed:
			notable = append(notable, u)
		case Unanswered, Unfit, UnderWay, Unsupported, NeedsThorough, Unknowable:
		}
	}
	return notable
}

// Assess makes the engine's own checks and then all others of the table, as far as what
// they need is there. It changes nothing.
func Assess(ctx context.Context, r Request) Assessment {
	a := Assessment{Assessment: migration.Assess(ctx, r.Move)}
	if !a.AlreadyThere && !a.Running {
		examined := Examine(ctx, r, a.Assessment)
		a.Findings, a.Unchecked, a.Disks = append(a.Findings, examined.Findings...), examined.Unchecked, examined.Disks
	}
	return a
}

// Examined is what all checks but the engine's have found.
type Examined struct {
	// Findings and Unchecked are in the order of the table.
	Findings  []migration.Finding
	Unchecked []Unchecked
	Disks     Disks
}

// Examine makes all checks of the table but the engine's, whose result is assessed.
func Examine(ctx context.Context, r Request, assessed migration.Assessment) Examined {
	ctx, cancel := context.WithTimeout(ctx, checkDeadline)
	defer cancel()
	if r.Fresh {
		ctx = since(ctx, time.Now())
	}
	e := examination{
		scope: scope{Request: r, assessed: assessed, judged: &memo[verdict]{}, decided: &decided{}},
		guest: sync.OnceValues(func() (guests, error) { return read(ctx, r) }),
	}
	table := Table()
	results := make([]result, len(table))
	var all sync.WaitGroup
	for i, row := range table {
		if _, applies := row.applies(r.Move); applies && !row.Engine() {
			all.Go(func() { results[i] = e.make(ctx, row) })
		}
	}
	all.Wait()
	var examined Examined
	for i, result := range results {
		outlook, _ := table[i].applies(r.Move)
		for _, f := range result.findings {
			f.Subject, f.Check = r.Move.Subject(), table[i].Check
			f.Lasting = !f.Warning && outlook.lasting(f.Lasting)
			examined.Findings = append(examined.Findings, f)
		}
		for _, u := range result.unchecked {
			u.Subject = r.Move.Subject()
			examined.Unchecked = append(examined.Unchecked, u)
		}
	}
	examined.Disks = e.decided.disks
	return examined
}

// examination is the checks of one move.
type examination struct {
	scope

	guest func() (guests, error)
}

// result is what one check came to.
type result struct {
	findings  []migration.Finding
	unchecked []Unchecked
}

// make makes one check, if what it needs is there.
func (e *examination) make(ctx context.Context, row Row) result {
	not := func(why Why, host string, err error) result {
		return result{unchecked: []Unchecked{{Check: row.Check, Why: why, Host: host, Err: err}}}
	}
	s := e.scope
	if row.Needs >= NeedsHosts && !e.assessed.Asked() {
		return not(Unanswered, "", nil)
	}
	if row.Needs >= NeedsGuest {
		switch {
		case e.assessed.Running || e.assessed.Busy():
			return not(UnderWay, "", nil)
		case !e.assessed.Fit():
			return not(Unfit, "", nil)
		}
		read, err := e.guest()
		if err != nil {
			return not(Unread, e.source(), err)
		}
		s.guest, s.own, s.changed = read.there, read.here, read.changed
	}
	findings, err := row.check.find(ctx, &s)
	r := result{findings: findings}
	if err != nil {
		r.unchecked = uncheckedBy(row.Check, err)
	}
	return r
}

// guests are the VM by its definition on the source, and by that for the destination.
type guests struct {
	here, there *Guest
	changed     definition.Result
}

// read reads the VM's definition, and which backing files its images have.
func read(ctx context.Context, r Request) (guests, error) {
	own, err := r.Source.DomainXML(ctx, r.Move.UUID)
	if err != nil {
		return guests{}, err
	}
	here, err := Parse(own)
	if err != nil {
		return guests{}, err
	}
	if err := here.findBacking(ctx, r); err != nil {
		return guests{}, err
	}
	changed, err := definition.Apply(own, r.Changes)
	if err != nil || len(changed.Changes) == 0 {
		return guests{here, here, changed}, err
	}
	there, err := Parse(changed.XML)
	if err != nil {
		return guests{}, err
	}
	for i := range there.Disks { // an image at another path may name another backing file
		if there.Disks[i].Path == here.Disks[i].Path {
			there.Disks[i].Backing = here.Disks[i].Backing
		}
	}
	return guests{here, there, changed}, nil
}
