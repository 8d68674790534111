package preflight

import (
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// checkDeadline bounds all checks of a move together, which hold its slots before the
// start, and the reading of the definition before them. What pools take to list their volumes
// anew has a deadline of its own. It exceeds the longest stall seen
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

// Unseen lists what is looked for only before the start, and could not be seen on the destination before that.
func (a Assessment) Unseen() []Unchecked {
	var unseen []Unchecked
	for _, u := range a.Unchecked {
		if u.Why == NeedsThorough {
			unseen = append(unseen, u)
		}
	}
	return unseen
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
	if r.Fresh {
		ctx = since(ctx, time.Now())
	}
	e := examination{
		scope: scope{Request: r, assessed: assessed, judged: &memo[verdict]{}, decided: &decided{}},
		guest: sync.OnceValues(func() (guests, error) {
			ctx, cancel := context.WithTimeout(ctx, checkDeadline)
			defer cancel()
			return read(ctx, r)
		}),
	}
	e.refresh(ctx)
	ctx, cancel := context.WithTimeout(ctx, checkDeadline)
	defer cancel()
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

// refresh has pools list their volumes anew where the checks go by that.
func (e *examination) refresh(ctx context.Context) {
	changes := len(e.Changes.Move.Disks)+len(e.Changes.Back) > 0
	if e.unready(NeedsGuest) != "" || e.copyMode() == policy.CopyNone && len(e.Leftovers) == 0 && !changes {
		return
	}
	read, err := e.guest()
	if err != nil {
		return // each check tells of it
	}
	s := e.scope
	s.see(read)
	if s.decides() {
		e.decided.oldLists = s.refreshPools(ctx)
	}
}

// unready is why what a check needs is not there; empty where it is.
func (e *examination) unready(n Needs) Why {
	switch {
	case n >= NeedsHosts && !e.assessed.Asked():
		return Unanswered
	case n >= NeedsGuest && (e.assessed.Running || e.assessed.Busy()):
		return UnderWay
	case n >= NeedsGuest && !e.assessed.Fit():
		return Unfit
	}
	return ""
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
	if why := e.unready(row.Needs); why != "" {
		return not(why, "", nil)
	}
	if row.Needs >= NeedsGuest {
		read, err := e.guest()
		if err != nil {
			if c, tells := row.check.(changesCheck); tells {
				if found := c.unread(&s, err); len(found) > 0 {
					return result{findings: found}
				}
			}
			return not(Unread, e.source(), err)
		}
		s.see(read)
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
	// config are those of its persistent definition; nil where that is not changed.
	config *guests
}

// read reads the VM's definitions, and which backing files its images have.
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
	all, err := here.change(own, r.Changes)
	if err != nil || r.ConfigChanges == nil || r.ConfigChanges.Empty() {
		return all, err
	}
	persistent, err := r.Source.ConfigXML(ctx, r.Move.UUID)
	if err != nil {
		return guests{}, err
	}
	config, err := Parse(persistent)
	if err != nil {
		return guests{}, err
	}
	changed, err := config.change(persistent, *r.ConfigChanges)
	all.config = &changed
	return all, err
}

// change makes of a definition that for the destination.
func (g *Guest) change(own string, changes definition.Request) (guests, error) {
	changed, err := definition.Apply(own, changes)
	if err != nil || len(changed.Changes) == 0 {
		return guests{here: g, there: g, changed: changed}, err
	}
	there, err := Parse(changed.XML)
	if err != nil {
		return guests{}, err
	}
	for i := range there.Disks { // an image at another path may name another backing file
		if there.Disks[i].Path == g.Disks[i].Path {
			there.Disks[i].Chain = g.Disks[i].Chain
		}
	}
	return guests{here: g, there: there, changed: changed}, nil
}
