//go:build lab

package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// now is when the instances of these tests declare.
var now = time.Now().UTC().Truncate(time.Second)

func owned(owner string, p policy.Policy) Declaration {
	return Declaration{Cluster: "compute", Policy: p, Owner: owner, DeclaredAt: now, Now: time.Now()}
}

// owners are who declared the records of a level, by host.
func owners(t *testing.T, f *Fleet, level host.Level) map[string]string {
	t.Helper()
	by := map[string]string{}
	for name, document := range records(t, f, level) {
		record, err := policy.DecodeRecord([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		if record.DeclaredAt.Before(time.Now().Add(-time.Hour)) {
			t.Errorf("the record on %s was declared at %s", name, record.DeclaredAt)
		}
		by[name] = record.Owner
	}
	return by
}

func everywhere(owner string) map[string]string {
	return map[string]string{"kvm1": owner, "kvm2": owner, "kvm3": owner}
}

// TestTwoInstancesOfOneRecord creates and deletes in every order that Terraform
// may choose for two addresses of one record.
func TestTwoInstancesOfOneRecord(t *testing.T) {
	f := open(t, labConfig(t, UnreachableError))
	create := func(t *testing.T, owner string) Outcome {
		t.Helper()
		outcome, err := f.Create(testContext(t), owned(owner, downtime(500)), all)
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	remove := func(t *testing.T, owner string) Outcome {
		t.Helper()
		outcome, err := f.Delete(testContext(t), owned(owner, downtime(500)), members(t, f, all...))
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	t.Run("created, then deleted", func(t *testing.T) {
		withoutRecords(t)
		create(t, "old")
		if taken := create(t, "new").Taken; len(taken) != len(all) || taken[0].Record.Owner != "old" {
			t.Errorf("taken over was %v, want all copies of the old one", taken)
		}
		if left := remove(t, "old").Left; len(left) != len(all) || left[0].Record.Owner != "new" {
			t.Errorf("left was %v, want all copies of the new one", left)
		}
		if diff := cmp.Diff(everywhere("new"), owners(t, f, host.Cluster)); diff != "" {
			t.Errorf("owners (-want +got):\n%s", diff)
		}
		remove(t, "new")
		if found := records(t, f, host.Cluster); len(found) > 0 {
			t.Errorf("there are records: %v", found)
		}
	})
	t.Run("deleted, then created", func(t *testing.T) {
		withoutRecords(t)
		create(t, "old")
		remove(t, "old")
		if taken := create(t, "new").Taken; len(taken) > 0 {
			t.Errorf("taken over was %v", taken)
		}
		if diff := cmp.Diff(everywhere("new"), owners(t, f, host.Cluster)); diff != "" {
			t.Errorf("owners (-want +got):\n%s", diff)
		}
	})
	t.Run("both at once", func(t *testing.T) {
		withoutRecords(t)
		for round := range 20 {
			was, next := fmt.Sprint(round), fmt.Sprint(round+1)
			if round == 0 {
				create(t, was)
			}
			var wg sync.WaitGroup
			wg.Go(func() { create(t, next) })
			wg.Go(func() { remove(t, was) })
			wg.Wait()
			if diff := cmp.Diff(everywhere(next), owners(t, f, host.Cluster)); diff != "" {
				t.Fatalf("round %d: owners (-want +got):\n%s", round, diff)
			}
		}
	})
	t.Run("a record without owner is anybody's", func(t *testing.T) {
		withoutRecords(t)
		setRecord(t, f, "kvm1", host.Cluster, record500)
		remove(t, "old")
		if found := records(t, f, host.Cluster); len(found) > 0 {
			t.Errorf("there are records: %v", found)
		}
	})
}

func TestCreateOverADifferentRecord(t *testing.T) {
	f := open(t, labConfig(t, UnreachableError))
	for name, test := range map[string]struct {
		level    host.Level
		document string
		replaces string
		refused  bool
	}{
		"a cluster's":                      {host.Cluster, theirs, "", true},
		"of the owner that it replaces":    {host.Cluster, theirs, "them", false},
		"of another owner":                 {host.Cluster, theirs, "others", true},
		"without owner, replacing nobody":  {host.Cluster, record400, "", true},
		"without owner, replacing someone": {host.Cluster, record400, "them", true},
		"the global settings":              {host.Global, `{"version":1,"max_downtime_ms":900}`, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			withoutRecords(t)
			setRecord(t, f, "kvm2", test.level, test.document)
			d := Declaration{Policy: downtime(500), Owner: "us", Now: now, Replaces: test.replaces}
			if test.level == host.Cluster {
				d.Cluster = "compute"
			}
			_, inspected := f.Inspect(testContext(t), d, all)
			outcome, created := f.Create(testContext(t), d, all)
			for what, err := range map[string]error{"inspect": inspected, "create": created} {
				var exists *ExistsError
				if test.refused != errors.As(err, &exists) || test.refused == (err == nil) {
					t.Errorf("%s: error %v, want one: %v", what, err, test.refused)
				}
			}
			if test.refused {
				if diff := cmp.Diff(map[string]string{"kvm2": test.document}, records(t, f, test.level)); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
			} else if len(outcome.Taken) != 1 || outcome.Taken[0].Host != "kvm2" {
				t.Errorf("taken over was %v, want the copy on kvm2", outcome.Taken)
			}
		})
	}
}

// TestUpdateOverwritesOnlyWhatWasSeen updates records that others have changed
// between plan and apply.
func TestUpdateOverwritesOnlyWhatWasSeen(t *testing.T) {
	f := open(t, labConfig(t, UnreachableError))
	theirs := strings.Replace(theirs, "2026-11-25T21:30:05Z", now.Add(time.Hour).Format(time.RFC3339), 1)
	restored := `{"version":1,"cluster":"compute","owner":"them","declared_at":"2001-01-01T00:00:00Z","max_downtime_ms":300}`
	ours := `{"version":1,"cluster":"compute","owner":"us","declared_at":"` + now.Format(time.RFC3339) + `","max_downtime_ms":400}`
	for name, test := range map[string]struct {
		planned, applied string // the record on kvm2 then; empty for none
		refused          bool
		taken            int
	}{
		"as it was":                       {ours, ours, false, 0},
		"drift that the plan saw":         {record400, record400, false, 0},
		"changed since":                   {ours, strings.Replace(ours, "400", "600", 1), true, 0},
		"changed to what is wanted":       {ours, strings.Replace(ours, "400", "500", 1), false, 0},
		"vanished since":                  {ours, "", false, 0},
		"declared again before the plan":  {theirs, theirs, false, 1},
		"and then once more":              {theirs, strings.Replace(theirs, "900", "950", 1), false, 1},
		"declared again since":            {ours, theirs, true, 0},
		"declared again since, equally":   {ours, strings.Replace(theirs, "900", "500", 1), false, 1},
		"as wanted, restored":             {ours, strings.Replace(restored, "300", "500", 1), false, 0},
		"restored before the plan":        {restored, restored, false, 0},
		"restored since":                  {ours, restored, true, 0},
		"missing, and written since":      {"", theirs, true, 0},
		"missing, and written as wanted":  {"", record500, false, 0},
		"unreadable since":                {ours, "nothing", true, 0},
		"unreadable as the plan saw":      {"nothing", "nothing", false, 0},
		"missing, and still missing then": {"", "", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			withoutRecords(t)
			set := func(document string) {
				h, err := f.host("kvm2")
				if err != nil {
					t.Fatal(err)
				}
				if document == "" {
					err = h.DeleteRecord(testContext(t), host.Cluster)
				} else {
					err = h.WriteRecord(testContext(t), host.Cluster, document)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			set(test.planned)
			d := owned("us", downtime(500)).seenOn(t, f)
			set(test.applied)
			outcome, err := f.Update(testContext(t), d, all, members(t, f, all...))
			var changed *ChangedError
			if test.refused != errors.As(err, &changed) || test.refused == (err == nil) {
				t.Fatalf("error %v, want one: %v", err, test.refused)
			}
			if len(outcome.Taken) != test.taken {
				t.Errorf("taken back was %v, want %d copies", outcome.Taken, test.taken)
			}
			if test.refused {
				if got := records(t, f, host.Cluster)["kvm2"]; got != test.applied {
					t.Errorf("the record on kvm2 is %s, want it as it was", got)
				}
			} else if diff := cmp.Diff(everywhere("us"), owners(t, f, host.Cluster)); diff != "" {
				t.Errorf("owners (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeleteAsksWhoMayHaveTheRecord(t *testing.T) {
	f := open(t, labConfig(t, UnreachableError))
	for name, test := range map[string]struct {
		down    []string
		members func() []Member
		hidden  []string
	}{
		"it is down":                         {[]string{"kvm2"}, func() []Member { return members(t, f, all...) }, []string{"kvm2"}},
		"it is renamed, and another is down": {[]string{"kvm3"}, func() []Member { return []Member{{Name: "old", UUID: members(t, f, "kvm1")[0].UUID}} }, nil},
		"it is unknown, and another is down": {[]string{"kvm3"}, func() []Member { return []Member{dropped} }, []string{"dropped"}},
		"it was let go, and another is down": {[]string{"kvm3"}, func() []Member { return []Member{letGo} }, nil},
		"it is gone for good":                {nil, func() []Member { return []Member{dropped} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			withoutRecords(t)
			_, err := open(t, labConfig(t, UnreachableWarn, test.down...)).Delete(testContext(t), owned("us", downtime(500)), test.members())
			var partial *PartialError
			if got := errors.As(err, &partial); got != (test.hidden != nil) {
				t.Fatalf("error %v, want one that hides %v", err, test.hidden)
			}
			if partial != nil && !slices.Equal(NamesOf(partial.Hidden), test.hidden) {
				t.Errorf("hidden are %v, want %v", partial.Hidden, test.hidden)
			}
		})
	}
}

// TestTwoInstancesOfAVMsRecord is TestTwoInstancesOfOneRecord for a VM.
func TestTwoInstancesOfAVMsRecord(t *testing.T) {
	t.Parallel()
	f := open(t, labConfig(t, UnreachableError))
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	declaration := func(owner string) Declaration {
		return Declaration{Policy: downtime(400), Owner: owner, DeclaredAt: now, Now: time.Now()}
	}
	owner := func() string {
		t.Helper()
		read, err := f.ReadVM(testContext(t), guest.UUID, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range read.Copies {
			if c.Document == nil || c.Record.Owner != read.Copies[0].Record.Owner {
				return fmt.Sprint(read.Copies)
			}
		}
		return read.Copies[0].Record.Owner
	}
	const rounds = 20
	for round := range rounds {
		was, next := fmt.Sprint(round), fmt.Sprint(round+1)
		if round == 0 {
			if _, err := f.CreateVM(testContext(t), guest.UUID, declaration(was)); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := f.CreateVM(testContext(t), guest.UUID, declaration(next)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, _, err := f.DeleteVM(testContext(t), guest.UUID, "", declaration(was)); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if got := owner(); got != next {
			t.Fatalf("round %d: the owner is %s, want %s", round, got, next)
		}
	}
	loser := declaration("loser")
	if _, left, err := f.DeleteVM(testContext(t), guest.UUID, "", loser); err != nil || left == nil || left.Record.Owner != fmt.Sprint(rounds) {
		t.Errorf("left is %v, error %v, want the other's copy", left, err)
	}
	loser.Policy = downtime(600)
	var changed *ChangedError
	if _, err := f.UpdateVM(testContext(t), guest.UUID, "", loser); !errors.As(err, &changed) {
		t.Errorf("error %v, want a ChangedError: no plan has seen that owner", err)
	}
	read, err := f.ReadVM(testContext(t), guest.UUID, "")
	if err != nil {
		t.Fatal(err)
	}
	loser.Seen = read.Seen(loser)
	if took, err := f.UpdateVM(testContext(t), guest.UUID, "", loser); err != nil || len(took.Taken) == 0 || owner() != "loser" {
		t.Errorf("taken back was %v, error %v, owner %s", took.Taken, err, owner())
	}
}
