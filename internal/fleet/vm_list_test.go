package fleet

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

var errUnread = errors.New("the record is too large")

// A VM is listed once, on its home, whatever else hosts keep of it, and in whatever order they
// answer.
func TestVMListPlaces(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	hosts := hostsNamed(t, "kvm1", "kvm2")
	on := func(i int, state migration.DomainState, reason migration.Reason) roll {
		d := migration.Domain{UUID: uuid, Name: "web", State: state, Reason: reason, Persistent: true}
		record, err := recordAt(Location{Host: hosts[i].Name(), Domain: d}, host.DomainDocument{Active: d.Active(), Persistent: true})
		if err != nil {
			t.Fatal(err)
		}
		return roll{
			host: hosts[i], domains: map[string]host.DetailedDomain{uuid: {Domain: d}}, records: map[string]VMRecord{uuid: record},
			cluster: Copy{Host: hosts[i].Name()},
		}
	}
	none := func(i int) roll { return roll{host: hosts[i]} }
	unread := func(i int, state migration.DomainState) roll {
		r := on(i, state, migration.ReasonUnknown)
		r.records, r.failures = nil, map[string]error{uuid: errUnread}
		return r
	}
	silent := func(i int) roll { return roll{host: hosts[i], err: migration.ErrUnreachable} }
	const unknown = migration.ReasonUnknown
	for name, test := range map[string]struct {
		rolls []roll
		// atOnce is true for a VM that is listed before all hosts have answered.
		atOnce bool
		home   string // empty: it cannot be told
	}{
		"running":                     {[]roll{on(0, migration.StateRunning, unknown), none(1)}, true, "kvm1"},
		"asleep":                      {[]roll{none(0), on(1, migration.StateAsleep, unknown)}, true, "kvm2"},
		"running, leftover first":     {[]roll{on(0, migration.StateShutOff, migration.ReasonMigrated), on(1, migration.StateRunning, unknown)}, true, "kvm2"},
		"running, incoming elsewhere": {[]roll{on(1, migration.StateIncoming, unknown), on(0, migration.StateRunning, unknown)}, true, "kvm1"},
		"running, paused elsewhere":   {[]roll{on(1, migration.StatePaused, unknown), on(0, migration.StateRunning, unknown)}, true, "kvm1"},
		"running, a silent host":      {[]roll{silent(1), on(0, migration.StateRunning, unknown)}, true, "kvm1"},
		"running, record not read":    {[]roll{unread(0, migration.StateRunning), none(1)}, true, "kvm1"},
		"shut off, record not read":   {[]roll{none(1), unread(0, migration.StateShutOff)}, false, "kvm1"},
		"shut off":                    {[]roll{none(1), on(0, migration.StateShutOff, migration.ReasonShutDown)}, false, "kvm1"},
		"paused":                      {[]roll{none(1), on(0, migration.StatePaused, unknown)}, false, "kvm1"},
		"in post-copy":                {[]roll{on(0, migration.StatePostCopySource, unknown), on(1, migration.StatePostCopy, unknown)}, false, "kvm2"},
		"left for a silent host":      {[]roll{silent(1), on(0, migration.StateShutOff, migration.ReasonMigrated)}, false, ""},
		"shut off, a silent host":     {[]roll{silent(1), on(0, migration.StateShutOff, migration.ReasonShutDown)}, false, "kvm1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := vmList{wanted: func(migration.Domain) bool { return true }, listed: map[string]string{}, pending: map[string]string{}}
			var listed []ListedVM
			for _, r := range test.rolls {
				l.rolls = append(l.rolls, r)
				listed = append(listed, l.settled(r)...)
			}
			if atOnce := len(listed) > 0; atOnce != test.atOnce {
				t.Fatalf("it is listed at once: %t", atOnce)
			}
			if !test.atOnce {
				vm, err := l.locate(t.Context(), uuid)
				var unseen *UnseenError
				if test.home == "" {
					if !errors.As(err, &unseen) {
						t.Fatalf("%+v, %v", vm, err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, vm)
			}
			if len(listed) != 1 || listed[0].Location.Host != test.home {
				t.Fatalf("it is listed as %+v", listed)
			}
			if read := !strings.Contains(name, "not read"); errors.Is(listed[0].Unread, errUnread) == read {
				t.Errorf("its record: %v", listed[0].Unread)
			}
		})
	}
}
