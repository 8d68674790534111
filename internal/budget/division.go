package budget

import "slices"

// flow is a move as the division of a budget sees it: it goes over the link of its source and
// that of its destination.
type flow struct {
	source, destination string
	// ceiling is the most that its policy lets it send, in MiB/s; 0 for no limit.
	ceiling int64
	// fixed is what it sends whatever its share would be; 0 where it can be told its share.
	fixed int64
}

// links are the links of a flow.
func (f flow) links() []string { return []string{f.source, f.destination} }

func (f flow) over(link string) bool { return slices.Contains(f.links(), link) }

// leastShare is what each move gets, in MiB/s: libvirt knows no smaller limit, and 0 is none.
const leastShare = 1

// divide gives each flow its share of the budgets of the links that it goes over, in whole MiB/s:
// no share can be larger without taking from one that is not larger (max-min fairness). What is
// left of whole shares goes to the first ones. A flow over no link with a budget has its ceiling,
// 0 for no limit. More flows than a budget has MiB/s get leastShare each.
func divide(budgets map[string]int64, flows []flow) []int64 {
	d := division{flows: flows, shares: make([]int64, len(flows)), left: map[string]int64{}}
	for link, budget := range budgets {
		d.left[link] = budget
	}
	for i, f := range flows {
		switch {
		case f.fixed > 0:
			d.give(i, f.fixed)
		case budgets[f.source] == 0 && budgets[f.destination] == 0:
			d.shares[i] = f.ceiling
		default:
			d.give(i, leastShare)
			d.open = append(d.open, i)
		}
	}
	for d.raise() {
	}
	return d.shares
}

// division is a division under way: left is what each link with a budget has left, and open are
// the flows that may get more.
type division struct {
	flows  []flow
	shares []int64
	left   map[string]int64
	open   []int
}

// give gives a flow so much more.
func (d *division) give(i int, more int64) {
	d.shares[i] += more
	for _, link := range d.links(i) {
		d.left[link] -= more
	}
}

// links are the links of a flow that have a budget.
func (d *division) links(i int) []string {
	var links []string
	for _, link := range d.flows[i].links() {
		if _, limited := d.left[link]; limited {
			links = append(links, link)
		}
	}
	return links
}

// raise gives all open flows the most that each of them can have more, or the first ones 1 MiB/s
// where that is not enough for all. It is false when there was nothing to give.
func (d *division) raise() bool {
	open, users := d.open[:0:0], map[string]int64{}
	for _, i := range d.open {
		if d.room(i) > 0 {
			open = append(open, i)
		}
	}
	for _, i := range open {
		for _, link := range d.links(i) {
			users[link]++
		}
	}
	d.open = open
	if len(open) == 0 {
		return false
	}
	step := d.room(open[0])
	for _, i := range open {
		step = min(step, d.room(i))
		for _, link := range d.links(i) {
			step = min(step, d.left[link]/users[link])
		}
	}
	for _, i := range open {
		if more := max(step, 1); d.room(i) >= more {
			d.give(i, more)
		}
	}
	return true
}

// unlimited is more than any link has, in MiB/s.
const unlimited = 1 << 62

// room is how much more a flow could have if it were alone.
func (d *division) room(i int) int64 {
	room := int64(unlimited)
	if ceiling := d.flows[i].ceiling; ceiling > 0 {
		room = ceiling - d.shares[i]
	}
	for _, link := range d.links(i) {
		room = min(room, d.left[link])
	}
	return room
}
