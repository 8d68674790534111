package fleet

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A census answers only where no question is left: all else is looked for.
func TestCensusLocates(t *testing.T) {
	t.Parallel()
	const uuid, other = "7a5b1c7e-0000-4000-8000-000000000001", "7a5b1c7e-0000-4000-8000-000000000002"
	domain := func(uuid, name string, state migration.DomainState, reason migration.Reason) host.ListedDomain {
		return host.ListedDomain{Domain: migration.Domain{UUID: uuid, Name: name, State: state, Reason: reason}}
	}
	on := func(name string, domains ...host.ListedDomain) hostCount {
		c := hostCount{name: name, domains: map[string]host.ListedDomain{}, names: map[string]string{}}
		for _, d := range domains {
			c.domains[d.UUID], c.names[d.Name] = d, d.UUID
		}
		return c
	}
	running := domain(uuid, "web", migration.StateRunning, migration.ReasonUnknown)
	unclear := running
	unclear.Unclear = true
	silent := hostCount{name: "kvm2", err: migration.ErrUnreachable}
	for name, test := range map[string]struct {
		vm, last string
		hosts    []hostCount
		warn     bool
		want     string
		unseen   int
	}{
		"running":                  {uuid, "", []hostCount{on("kvm1", running), on("kvm2")}, false, "kvm1", 0},
		"by its name":              {"web", "", []hostCount{on("kvm1"), on("kvm2", running)}, false, "kvm2", 0},
		"shut off":                 {uuid, "", []hostCount{on("kvm1", domain(uuid, "web", migration.StateShutOff, migration.ReasonShutDown)), on("kvm2")}, false, "kvm1", 0},
		"nowhere":                  {uuid, "", []hostCount{on("kvm1"), on("kvm2")}, false, "", 0},
		"a name of nobody":         {"db", "", []hostCount{on("kvm1", running), on("kvm2")}, false, "", 0},
		"a name of two":            {"web", "", []hostCount{on("kvm1", running), on("kvm2", domain(other, "web", migration.StateRunning, migration.ReasonUnknown))}, false, "", 0},
		"on two hosts":             {uuid, "", []hostCount{on("kvm1", running), on("kvm2", domain(uuid, "web", migration.StateShutOff, migration.ReasonMigrated))}, false, "", 0},
		"unclear":                  {uuid, "", []hostCount{on("kvm1", unclear), on("kvm2")}, false, "", 0},
		"fetched":                  {uuid, "", []hostCount{on("kvm1", domain(uuid, "web", migration.StatePostCopySource, migration.ReasonUnknown)), on("kvm2")}, false, "", 0},
		"a silent host":            {uuid, "", []hostCount{on("kvm1", running), silent}, false, "", 0},
		"a silent host, warned":    {uuid, "", []hostCount{on("kvm1", running), silent}, true, "kvm1", 1},
		"shut off, last on it":     {uuid, "kvm2", []hostCount{on("kvm1", domain(uuid, "web", migration.StateShutOff, migration.ReasonShutDown)), silent}, true, "", 0},
		"migrated to a silent one": {uuid, "", []hostCount{on("kvm1", domain(uuid, "web", migration.StateShutOff, migration.ReasonMigrated)), silent}, true, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &count{hosts: test.hosts}
			got, ok := n.locate(test.vm, test.last, func(err error) bool { return test.warn && errors.Is(err, migration.ErrUnreachable) })
			if ok != (test.want != "") || got.Host != test.want || len(got.Unseen) != test.unseen {
				t.Errorf("got %+v, %t", got, ok)
			}
		})
	}
}

func TestCensusIsTakenAndForgotten(t *testing.T) {
	t.Parallel()
	var c census
	now := time.Now()
	for i := 1; i < censusFrom; i++ {
		if n, mine := c.current(now); n != nil || mine {
			t.Fatalf("question %d takes a census", i)
		}
	}
	first, mine := c.current(now)
	if first == nil || !mine || c.taken(now) != nil {
		t.Fatal("no census from the fourth question on, or one that is believed before it is taken")
	}
	close(first.done)
	if n, mine := c.current(now.Add(censusAge)); n != first || mine || c.taken(now.Add(censusAge)) != first {
		t.Error("the census is not believed")
	}
	second, mine := c.current(now.Add(censusAge + 1))
	if second == first || !mine {
		t.Error("an old census is believed")
	}
	c.forget()
	if third, mine := c.current(now); third == second || !mine || c.taken(now) != nil {
		t.Error("a census is believed after what the run has changed")
	}
}
