package lease

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSide_Obstacle(t *testing.T) {
	t.Parallel()
	const run = "mine"
	place := func(n int, vm, run string) Place { return Place{n, Holder{VM: vm, Run: run}} }
	runs := func(vms ...string) map[string]string {
		all := map[string]string{}
		for _, vm := range vms {
			all[vm] = vm
		}
		return all
	}
	for name, test := range map[string]struct {
		side   Side
		ticket *Ticket
		want   Obstacle
	}{
		"nobody there":                            {Side{Limit: 1}, nil, None},
		"its own lease":                           {Side{Limit: 1, Places: []Place{place(1, "web", run)}}, nil, None},
		"a lease of another move":                 {Side{Limit: 1, Places: []Place{place(1, "db", "other")}}, nil, Full},
		"a lease of another move of this run":     {Side{Limit: 1, Places: []Place{place(1, "db", run)}}, nil, Full},
		"a lease whose holder cannot be read":     {Side{Limit: 1, Places: []Place{{N: 1}}}, nil, Full},
		"a migration that nobody has leased":      {Side{Limit: 1, Running: runs("db")}, nil, Full},
		"a migration and its lease are one":       {Side{Limit: 2, Running: runs("db"), Places: []Place{place(1, "db", "other")}}, nil, None},
		"two, and its own lease":                  {Side{Limit: 2, Running: runs("db"), Places: []Place{place(1, "mail", "other"), place(2, "web", run)}}, nil, Full},
		"its own migration runs":                  {Side{Limit: 1, Running: runs("web", "db", "mail")}, nil, None},
		"another run moves it":                    {Side{Limit: 9, Places: []Place{place(1, "web", "other")}}, nil, Moving},
		"another run moves it, and this one, too": {Side{Limit: 9, Places: []Place{place(1, "web", "other"), place(2, "web", run)}}, nil, Moving},
		"another run moves it, and it runs":       {Side{Limit: 1, Running: runs("web"), Places: []Place{place(1, "web", "other")}}, nil, None},
		"who waits is first":                      {Side{Limit: 1, Tickets: []Ticket{{Number: 1, VM: "db"}}}, nil, Kept},
		"who waits takes no more than its place":  {Side{Limit: 2, Tickets: []Ticket{{Number: 1, VM: "db"}}}, nil, None},
		"who waits later":                         {Side{Limit: 1, Tickets: []Ticket{{Number: 2, VM: "db"}, {Number: 1, VM: "web"}}}, &Ticket{Number: 1, VM: "web"}, None},
		"who waits longer":                        {Side{Limit: 1, Tickets: []Ticket{{Number: 2, VM: "web"}, {Number: 1, VM: "db"}}}, &Ticket{Number: 2, VM: "web"}, Kept},
		"two with one number":                     {Side{Limit: 1, Tickets: []Ticket{{Number: 2, VM: "web"}, {Number: 2, VM: "db"}}}, &Ticket{Number: 2, VM: "web"}, Kept},
		"a ticket of a run that was killed":       {Side{Limit: 1, Tickets: []Ticket{{Number: 1, VM: "web"}}}, nil, None},
		"who waits has its place by now":          {Side{Limit: 2, Running: runs("db"), Tickets: []Ticket{{Number: 1, VM: "db"}}}, nil, None},
		"more than may run":                       {Side{Limit: 1, Running: runs("db", "mail", "dns")}, &Ticket{Number: 1, VM: "web"}, Full},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.side.Obstacle("web", run, test.ticket); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestSide(t *testing.T) {
	t.Parallel()
	s := Side{
		Limit: 3, Running: map[string]string{"1": "web", "2": "db"},
		Places:  []Place{{1, Holder{VM: "1", Name: "web", Run: "a"}}, {3, Holder{VM: "4", Name: "dns", Run: "b"}}},
		Tickets: []Ticket{{Number: 7, VM: "8"}, {Number: 6, VM: "9", Holder: Holder{Name: "mail"}}},
	}
	want := []Holder{{VM: "2", Name: "db"}, {VM: "1", Name: "web", Run: "a"}}
	if diff := cmp.Diff(want, s.Holders("4")); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if s.Free() != 2 || s.Last() != 7 || s.First("8").Name != "mail" || s.First("9").Name != "" {
		t.Errorf("free %d, last %d, first %+v", s.Free(), s.Last(), s.First("8"))
	}
	s.Places = append(s.Places, Place{N: 2})
	if s.Free() != 0 {
		t.Errorf("free %d", s.Free())
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	const vm = "7a5b1c7e-0000-4000-8000-000000000001"
	if d, n, ok := ParsePlace(PlaceName(Out, 12)); d != Out || n != 12 || !ok {
		t.Errorf("place: %s, %d, %t", d, n, ok)
	}
	ticket := Ticket{Number: 3, VM: vm}
	if d, got, ok := ParseTicket(TicketName(In, ticket)); d != In || got != ticket || !ok {
		t.Errorf("ticket: %s, %+v, %t", d, got, ok)
	}
	for _, name := range []string{
		"", "virt-lease-record", "virt-lease-up-1", "virt-lease-out-0", "virt-lease-out-1x", "virt-lease-out-12345678901",
		"virt-wait-out-1", "virt-wait-out-1-web", TicketName("up", ticket),
	} {
		_, _, place := ParsePlace(name)
		_, _, wait := ParseTicket(name)
		if place || wait {
			t.Errorf("%q is read as one", name)
		}
	}
}
