package fleet

import (
	"context"
	"strconv"
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
	on := func(name string, domains ...host.ListedDomain) hostCensus {
		c := hostCensus{name: name, domains: map[string]host.ListedDomain{}, names: map[string]string{}}
		for _, d := range domains {
			c.domains[d.UUID], c.names[d.Name] = d, d.UUID
		}
		return c
	}
	running := domain(uuid, "web", migration.StateRunning, migration.ReasonUnknown)
	unclear := running
	unclear.Unclear = true
	silent := hostCensus{name: "kvm2", err: migration.ErrUnreachable}
	for name, test := range map[string]struct {
		vm, last string
		hosts    []hostCensus
		want     string
	}{
		"running":          {uuid, "", []hostCensus{on("kvm1", running), on("kvm2")}, "kvm1"},
		"by its name":      {"web", "", []hostCensus{on("kvm1"), on("kvm2", running)}, "kvm2"},
		"shut off":         {uuid, "", []hostCensus{on("kvm1", domain(uuid, "web", migration.StateShutOff, migration.ReasonShutDown)), on("kvm2")}, "kvm1"},
		"nowhere":          {uuid, "", []hostCensus{on("kvm1"), on("kvm2")}, ""},
		"a name of nobody": {"db", "", []hostCensus{on("kvm1", running), on("kvm2")}, ""},
		"a name of two":    {"web", "", []hostCensus{on("kvm1", running), on("kvm2", domain(other, "web", migration.StateRunning, migration.ReasonUnknown))}, ""},
		"on two hosts":     {uuid, "", []hostCensus{on("kvm1", running), on("kvm2", domain(uuid, "web", migration.StateShutOff, migration.ReasonMigrated))}, ""},
		"unclear":          {uuid, "", []hostCensus{on("kvm1", unclear), on("kvm2")}, ""},
		"fetched":          {uuid, "", []hostCensus{on("kvm1", domain(uuid, "web", migration.StatePostCopySource, migration.ReasonUnknown)), on("kvm2")}, ""},
		"a silent host":    {uuid, "", []hostCensus{on("kvm1", running), silent}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &census{hosts: test.hosts}
			got, ok := n.locate(test.vm, test.last)
			if ok != (test.want != "") || got.Host != test.want {
				t.Errorf("got %+v, %t", got, ok)
			}
		})
	}
}

func TestCensusIsTakenAndForgotten(t *testing.T) {
	t.Parallel()
	var l latestCensus
	now := time.Now()
	for range 2 * censusFrom {
		if c, mine := l.current(now, "web"); c != nil || mine {
			t.Fatal("one VM takes a census")
		}
	}
	for i := 2; i < censusFrom; i++ {
		if c, mine := l.current(now, strconv.Itoa(i)); c != nil || mine {
			t.Fatalf("%d VMs take a census", i)
		}
	}
	first, mine := l.current(now, "last")
	if first == nil || !mine {
		t.Fatal("no census for the fourth VM")
	}
	if _, ok := l.levelsOf("kvm1", now); ok {
		t.Error("a census is believed before it is taken")
	}
	first.levels = map[string]hostLevels{"kvm1": {}, "kvm2": {}}
	close(first.done)
	if c, mine := l.current(now.Add(censusAge), "web"); c != first || mine {
		t.Error("the census is not believed")
	}
	l.forgetLevels("kvm1")
	_, changed := l.levelsOf("kvm1", now)
	if _, kept := l.levelsOf("kvm2", now); changed || !kept {
		t.Error("a record of one host's own that was changed is believed, or the other hosts' are not")
	}
	second, mine := l.current(now.Add(censusAge+1), "web")
	if second == first || !mine {
		t.Error("an old census is believed")
	}
	l.forgetLevels("kvm1")
	if l.believed(second) {
		t.Error("a census that may have read a record before it changed is believed")
	}
	third, _ := l.current(now, "web")
	l.forget()
	if l.believed(third) {
		t.Error("a census is believed after a move")
	}
}

// A caller that is cancelled while it takes the census for all does not leave them without.
func TestCensusOfACancelledCaller(t *testing.T) {
	t.Parallel()
	f := &Fleet{}
	for i := range censusFrom - 1 {
		f.census.current(time.Now(), strconv.Itoa(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := f.recent(ctx, "web", ""); ok {
		t.Error("a cancelled caller finds a VM")
	}
	if c, mine := f.census.current(time.Now(), "web"); c == nil || !mine {
		t.Error("nobody takes the census again")
	}
}
