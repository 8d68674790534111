package lease

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The properties are tried on a world of hosts and runs whose moves take one step at a time, in any order: count what runs, take a
// lease, list the leases, decide. Runs are killed or sleep between any two steps, and their clocks differ.

const (
	// tick is how long each step takes, at least.
	tick = 250 * time.Millisecond
	// longest is the longest migration.
	longest = 20 * time.Second
	// patience is what a move may have to wait for each one that came before it: its checks and its migration.
	patience = longest + Life/2
)

// desk is a host and a direction.
type desk struct {
	direction Direction
	limit     int
	leases    map[string]secret // by name
	running   map[string]string
}

type secret struct{ uuid, says string }

// agent is a run.
type agent struct {
	name   string
	clock  time.Duration // how far it is ahead
	asleep time.Time     // until then
	dead   bool
	far    bool // on another machine: nobody sees that it has ended
	seen   map[*desk]*Sightings
}

// step is what a move does next.
type step int

const (
	arrive step = iota
	take
	decide
	check
	start
	migrate
	done
)

// mover is a move.
type mover struct {
	vm      string
	of      *agent
	desks   [2]*desk
	comes   time.Time
	before  int // how many moves had come and not ended by then
	slips   int // how many mishaps there were meanwhile
	next    step
	at      time.Time // the earliest time of the next step
	counted [2]map[string]string
	place   [2]string // the UUID of its lease
	name    [2]string
	ticket  [2]string
	turn    *Ticket
	renews  time.Time // the next time
	renewed time.Time // when its places held for certain
	gap     bool      // it was not renewed for so long that others may have ended it
	lasts   time.Duration
	ended   time.Time
}

// world is all of it.
type world struct {
	*testing.T
	random *rand.Rand
	now    time.Time
	desks  []*desk
	agents []*agent
	moves  []*mover
	ends   map[string]time.Time // of the migrations that run, with their runs or without, by VM
	uuids  int
	slips  int // how many mishaps there were
}

func TestPlaces_properties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			newWorld(t, seed).play()
		})
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{T: t, random: rand.New(rand.NewPCG(seed, 11)), now: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), ends: map[string]time.Time{}}
	const hosts, moves = 3, 60
	limit := 1 + w.random.IntN(2)
	for range hosts {
		for _, d := range []Direction{Out, In} {
			w.desks = append(w.desks, &desk{d, limit, map[string]secret{}, map[string]string{}})
		}
	}
	for range 4 {
		w.hire()
	}
	comes := w.now
	for i := range moves {
		from := w.random.IntN(hosts)
		to := (from + 1 + w.random.IntN(hosts-1)) % hosts
		comes = comes.Add(w.upTo(longest / 4))
		w.moves = append(w.moves, &mover{
			vm: fmt.Sprintf("7a5b1c7e-0000-4000-8000-%012d", i), of: w.agents[w.random.IntN(len(w.agents))],
			desks: [2]*desk{w.desks[2*from], w.desks[2*to+1]}, comes: comes, at: comes, lasts: tick + w.upTo(longest-tick),
		})
	}
	return w
}

func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.random.Int64N(int64(d))) }

// hire has one more run come.
func (w *world) hire() *agent {
	a := &agent{
		name: fmt.Sprint("run", len(w.agents)), clock: w.upTo(2*time.Hour) - time.Hour, far: w.random.IntN(2) == 0, seen: map[*desk]*Sightings{},
	}
	for _, d := range w.desks {
		a.seen[d] = &Sightings{}
	}
	w.agents = append(w.agents, a)
	return a
}

func (w *world) play() {
	end := w.moves[len(w.moves)-1].comes.Add(time.Duration(len(w.moves)) * patience)
	for ; !w.over(); w.now = w.now.Add(tick) {
		if w.now.After(end) {
			w.Fatal("moves wait for ever")
		}
		w.mishaps()
		for _, i := range w.random.Perm(len(w.moves)) {
			m := w.moves[i]
			if m.of.dead || w.now.Before(m.of.asleep) || m.next == done {
				continue
			}
			w.renew(m)
			if !w.now.Before(m.at) {
				w.step(m)
			}
			w.check()
		}
		maps.DeleteFunc(w.ends, func(vm string, at time.Time) bool {
			for _, d := range w.desks {
				maps.DeleteFunc(d.running, func(other, _ string) bool { return other == vm && !w.now.Before(at) })
			}
			return !w.now.Before(at)
		})
	}
	for i, m := range w.moves {
		if waited := m.ended.Sub(m.comes); waited > time.Duration(m.before+1)*patience+time.Duration(m.slips)*2*Life {
			w.Errorf("move %d, which came after %d others and saw %d mishaps, ended %s after it came", i, m.before, m.slips, waited)
		}
	}
}

func (w *world) over() bool {
	return !slices.ContainsFunc(w.moves, func(m *mover) bool { return m.next != done })
}

// waiting is how many moves have come and not ended.
func (w *world) waiting() (n int) {
	for _, m := range w.moves {
		if m.next != done && !w.now.Before(m.comes) {
			n++
		}
	}
	return n
}

// check wants no desk to have more migrations than may run.
func (w *world) check() {
	for i, d := range w.desks {
		if len(d.running) > d.limit {
			w.Fatalf("%s: %d migrations at desk %d, want at most %d: %v", w.now.Format(time.TimeOnly), len(d.running), i, d.limit, d.running)
		}
	}
}

// mishaps kill a run, or have it sleep, now and then. Another one takes over what the killed one was to do.
func (w *world) mishaps() {
	switch a := w.agents[w.random.IntN(len(w.agents))]; {
	case a.dead:
	case w.random.IntN(150) == 0:
		w.slips++
		a.asleep = w.now.Add(w.upTo(2 * Life))
	case w.random.IntN(300) == 0:
		w.slips++
		a.dead = true
		heir := w.hire()
		for i, m := range w.moves {
			if m.of != a || m.next == done {
				continue
			}
			comes := later(m.comes, w.now.Add(w.upTo(Life)))
			w.moves[i] = &mover{vm: m.vm, of: heir, desks: m.desks, comes: comes, at: comes, lasts: m.lasts}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// step is one step of a move.
func (w *world) step(m *mover) {
	switch m.next {
	case arrive: // what runs is counted beside the taking of the lease, and here before it
		if m.before == 0 {
			m.before, m.slips = w.waiting(), -w.slips
		}
		for i, d := range m.desks {
			m.counted[i] = maps.Clone(d.running)
		}
		if m.turn != nil { // who waits looks first
			if in, number := w.obstacles(m); in != [2]Obstacle{} {
				w.queue(m, in, number)
				break
			}
		}
		m.renewed, m.gap, m.next = w.now, false, take
	case take:
		for i, d := range m.desks {
			w.lease(m, i, d)
		}
		m.next = decide
	case decide:
		w.decide(m)
	case check:
		m.next = start
	case start:
		w.start(m)
	case migrate:
		if _, runs := w.ends[m.vm]; !runs {
			w.leave(m, true, true)
			m.ended, m.next = w.now, done
			m.slips += w.slips
		}
	case done:
	}
	m.at = later(m.at, w.now.Add(w.upTo(4*tick)))
}

// lease leases the lowest place of a desk of which nobody has the lease.
func (w *world) lease(m *mover, i int, d *desk) {
	side := w.list(m, d)
	n := side.Free()
	if n == 0 {
		return
	}
	m.name[i] = PlaceName(d.direction, n)
	m.place[i] = w.put(m, d, m.name[i])
}

// put takes a lease, whose UUID it returns.
func (w *world) put(m *mover, d *desk, name string) string {
	w.uuids++
	uuid := fmt.Sprint(w.uuids)
	d.leases[name] = secret{uuid, w.holder(m)}
	return uuid
}

func (w *world) holder(m *mover) string {
	return Holder{VM: m.vm, Run: m.of.name}.Until(w.now.Add(m.of.clock)).Encode()
}

// list reads the leases of a desk, and ends those that nobody renews.
func (w *world) list(m *mover, d *desk) Side {
	side := Side{Limit: d.limit}
	for name, s := range d.leases {
		holder := Decode(s.says)
		ended := slices.ContainsFunc(w.agents, func(a *agent) bool { return a.name == holder.Run && a.dead && !a.far })
		if holder.Run != m.of.name && m.of.seen[d].Stale(s.uuid, s.says, ended, w.now.Add(m.of.clock)) {
			delete(d.leases, name)
			continue
		}
		if _, n, ok := ParsePlace(name); ok {
			side.Places = append(side.Places, Place{n, holder})
		} else if _, ticket, ok := ParseTicket(name); ok {
			ticket.Holder = holder
			side.Tickets = append(side.Tickets, ticket)
		}
	}
	return side
}

// obstacles are what is in the way of a move, and the next number of a ticket.
func (w *world) obstacles(m *mover) (in [2]Obstacle, number int) {
	number = 1
	for i, d := range m.desks {
		side := w.list(m, d)
		side.Running = m.counted[i]
		in[i] = side.Obstacle(m.vm, m.of.name, m.turn)
		number = max(number, side.Last()+1)
	}
	return in, number
}

// decide has a move go on to its checks, or wait.
func (w *world) decide(m *mover) {
	in, number := w.obstacles(m)
	for i, counted := range m.counted {
		if _, runs := counted[m.vm]; in[i] == None && m.place[i] == "" && !runs {
			in[i] = Full
		}
	}
	if in == [2]Obstacle{} {
		m.next, m.at = check, w.now.Add(w.upTo(2*time.Second))
		w.leave(m, false, true)
		return
	}
	w.leave(m, true, false)
	w.queue(m, in, number)
}

// queue has a move wait, by a ticket on each desk that has no place for it.
func (w *world) queue(m *mover, in [2]Obstacle, number int) {
	if m.turn == nil {
		m.turn = &Ticket{Number: number, VM: m.vm}
	}
	for i, d := range m.desks {
		name := TicketName(d.direction, *m.turn)
		if _, taken := d.leases[name]; m.ticket[i] == "" && !taken && (in[i] == Full || in[i] == Kept) {
			m.ticket[i] = w.put(m, d, name)
		}
	}
	m.next, m.at = arrive, w.now.Add(time.Second)
}

// start has the migration run, if the move certainly has its places yet; else it counts again. The migration of the VM that runs already is watched.
func (w *world) start(m *mover) {
	if _, runs := w.ends[m.vm]; runs {
		m.next = migrate
		return
	}
	if m.gap || m.place[0] == "" || m.place[1] == "" {
		w.leave(m, true, false)
		m.next = arrive
		return
	}
	for _, d := range m.desks {
		d.running[m.vm] = m.vm
	}
	w.ends[m.vm], m.next = w.now.Add(m.lasts), migrate
}

// renew renews the leases of a move in time, unless others have them by now.
func (w *world) renew(m *mover) {
	if w.now.Before(m.renews) {
		return
	}
	m.renews = w.now.Add(Renewal)
	m.gap = m.gap || w.now.Sub(m.renewed) >= Life/2
	held := true
	for i, d := range m.desks {
		if m.turn != nil && m.ticket[i] != "" {
			w.again(m, d, TicketName(d.direction, *m.turn), m.ticket[i])
		}
		if m.place[i] != "" {
			held = w.again(m, d, m.name[i], m.place[i]) && held
		}
	}
	if held {
		m.renewed = w.now
	}
}

// again renews a lease, or takes it again where nobody has it; false where somebody else has it.
func (w *world) again(m *mover, d *desk, name, uuid string) bool {
	if other, taken := d.leases[name]; taken && other.uuid != uuid {
		return false
	}
	d.leases[name] = secret{uuid, w.holder(m)}
	return true
}

// leave ends the leases of a move, by their UUIDs.
func (w *world) leave(m *mover, places, tickets bool) {
	for i, d := range m.desks {
		maps.DeleteFunc(d.leases, func(_ string, s secret) bool {
			return places && s.uuid == m.place[i] || tickets && s.uuid == m.ticket[i]
		})
		if places {
			m.place[i] = ""
		}
		if tickets {
			m.ticket[i] = ""
		}
	}
}
