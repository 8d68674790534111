package lease

import (
	"fmt"
	"regexp"
	"strconv"
)

// Direction is which way migrations go that share a limit, as seen from the host.
type Direction string

// The directions.
const (
	Out Direction = "out"
	In  Direction = "in"
)

// PlaceName is the name of the lease of a place: n is 1 to the limit. A host keeps one lease of each name.
func PlaceName(d Direction, n int) string { return fmt.Sprintf("virt-lease-%s-%d", d, n) }

// TicketName is the name of the lease by which a move waits. It says what others need to know of it, so that they need
// not read each.
func TicketName(d Direction, t Ticket) string {
	return fmt.Sprintf("virt-wait-%s-%d-%s", d, t.Number, t.VM)
}

var (
	placeName  = regexp.MustCompile(`^virt-lease-(out|in)-([1-9][0-9]{0,8})$`)
	ticketName = regexp.MustCompile(`^virt-wait-(out|in)-([1-9][0-9]{0,8})-([0-9a-f-]{36})$`)
)

// ParsePlace tells whether a name is that of a place, and of which.
func ParsePlace(name string) (d Direction, n int, ok bool) {
	parts := placeName.FindStringSubmatch(name)
	if parts == nil {
		return "", 0, false
	}
	n, err := strconv.Atoi(parts[2])
	return Direction(parts[1]), n, err == nil
}

// ParseTicket tells whether a name is that of a ticket, and of which.
func ParseTicket(name string) (d Direction, t Ticket, ok bool) {
	parts := ticketName.FindStringSubmatch(name)
	if parts == nil {
		return "", Ticket{}, false
	}
	n, err := strconv.Atoi(parts[2])
	return Direction(parts[1]), Ticket{Number: n, VM: parts[3]}, err == nil
}
