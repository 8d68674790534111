//go:build lab

package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Records are one per host and level, so that no two of these tests can run at
// the same time.

const (
	record400 = `{"version":1,"cluster":"compute","max_downtime_ms":400}`
	record500 = `{"version":1,"cluster":"compute","max_downtime_ms":500}`
	former500 = `{"version":1,"cluster":"former","max_downtime_ms":500}`
	theirs    = `{"version":1,"cluster":"compute","owner":"them","declared_at":"2026-11-25T21:30:05Z","max_downtime_ms":900}`
	batch     = `{"version":1,"cluster":"batch"}`
)

// dropped is a host that the fleet does not have.
var (
	dropped = Member{Name: "dropped", UUID: "00000000-0000-4000-8000-00000000dead"}
	letGo   = Member{Name: dropped.Name, UUID: dropped.UUID, LetGo: true}
)

// members are hosts of the fleet as a resource remembers them.
func members(t *testing.T, f *Fleet, names ...string) []Member {
	t.Helper()
	m, err := f.Members(testContext(t), names)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// seenOn is the declaration of one who has planned a change of what is there.
func (d Declaration) seenOn(t *testing.T, f *Fleet) Declaration {
	t.Helper()
	copies, _, err := f.copies(testContext(t), d, f.Names())
	if err != nil {
		t.Fatal(err)
	}
	d.Seen = d.seen(copies)
	return d
}

var all = []string{"kvm1", "kvm2", "kvm3"}

// readOnlySecrets makes a host refuse to keep any new secret.
func readOnlySecrets(t *testing.T, name string) {
	t.Helper()
	directory := filepath.Join(testLab(t).Host(name).Directory, "etc", "secrets")
	if err := os.Rename(directory, directory+".away"); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(directory); err != nil {
			t.Error(err)
		}
		if err := os.Rename(directory+".away", directory); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
}

func TestCreateTakesBackWhatItWrote(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableError))
	t.Run("a cluster's", func(t *testing.T) {
		setRecord(t, f, "kvm1", host.Cluster, record500)
		readOnlySecrets(t, "kvm3")
		_, err := f.Create(testContext(t), compute(downtime(500)), all)
		var e *host.Error
		var taken *TakenBackError
		if !errors.As(err, &e) || e.Host != "kvm3" || !errors.As(err, &taken) || taken.Left != nil {
			t.Errorf("error %v, want one of kvm3, and nothing left", err)
		}
		// What was adopted was there before, and stays.
		if diff := cmp.Diff(map[string]string{"kvm1": record500}, records(t, f, host.Cluster)); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
	t.Run("the global settings that were taken over", func(t *testing.T) {
		const was = `{"version":1,"owner":"former","max_downtime_ms":900}`
		setRecord(t, f, "kvm2", host.Global, was)
		readOnlySecrets(t, "kvm3")
		if _, err := f.Create(testContext(t), Declaration{Policy: downtime(500).Global(), Owner: "new", Replaces: "former"}, all); err == nil {
			t.Error("no error")
		}
		if diff := cmp.Diff(map[string]string{"kvm2": was}, records(t, f, host.Global)); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

func TestCreateWritesNothingWhereAHostIsDown(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableWarn, "kvm2"))
	_, err := f.Create(testContext(t), compute(downtime(500)), all)
	var down *HostsDownError
	if !errors.As(err, &down) || !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("error %v, want a HostsDownError", err)
	} else if diff := cmp.Diff([]string{"kvm2"}, down.Hosts); diff != "" {
		t.Errorf("hosts down (-want +got):\n%s", diff)
	}
	if found := records(t, open(t, labConfig(t, UnreachableError)), host.Cluster); len(found) > 0 {
		t.Errorf("there are records: %v", found)
	}
}

func TestCreateCancelledWritesNothing(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableError))
	setRecord(t, f, "kvm3", host.Cluster, batch) // it would be waited for
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if _, err := f.Create(ctx, compute(downtime(500)), all); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want it cancelled", err)
	}
	if diff := cmp.Diff(map[string]string{"kvm3": batch}, records(t, f, host.Cluster)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestCreateOfTwoClustersOnOneHost(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableError))
	ctx := testContext(t)
	errs := make(chan error, 2)
	for _, name := range []string{"compute", "batch"} {
		go func() {
			_, err := f.Create(ctx, Declaration{Cluster: name, Policy: downtime(500)}, all)
			errs <- err
		}()
	}
	first, second := <-errs, <-errs
	for _, err := range []error{first, second} {
		var held *HeldError
		if err != nil && !errors.As(err, &held) {
			t.Errorf("error %v, want a HeldError", err)
		}
	}
	if first == nil && second == nil {
		t.Error("both clusters were created on the same hosts")
	}
	clusters := map[string]bool{}
	for _, document := range records(t, f, host.Cluster) {
		clusters[document] = true
	}
	if len(clusters) > 1 {
		t.Errorf("hosts of both were left: %v", clusters)
	}
}

func TestUpdateReachesTheHostsItCan(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableError))
	if _, err := f.Create(testContext(t), compute(downtime(400)), all); err != nil {
		t.Fatal(err)
	}
	down := open(t, labConfig(t, UnreachableWarn, "kvm1", "kvm2"))
	outcome, err := down.Update(testContext(t), compute(downtime(500)).seenOn(t, f), []string{"kvm2", "kvm3"}, members(t, f, all...))
	var partial *PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("error %v, want a PartialError", err)
	}
	got := [][]string{partial.Done, partial.Unwritten, partial.Kept, NamesOf(partial.Hidden)}
	if diff := cmp.Diff([][]string{{"kvm3"}, {"kvm2"}, {}, {"kvm1"}}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("done, unwritten, kept, hidden (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(all, slices.Sorted(slices.Values(NamesOf(outcome.Written)))); diff != "" {
		t.Errorf("hosts that have it, or may (-want +got):\n%s", diff)
	}
	want := map[string]string{"kvm1": record400, "kvm2": record400, "kvm3": record500}
	if diff := cmp.Diff(want, records(t, f, host.Cluster)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestDeleteLeavesOtherClusters(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableError))
	setRecord(t, f, "kvm1", host.Cluster, record400)
	setRecord(t, f, "kvm2", host.Cluster, batch)
	outcome, err := f.Delete(testContext(t), compute(downtime(500)), append(members(t, f, all...), dropped))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]Member{letGo}, outcome.LetGo); diff != "" {
		t.Errorf("let go (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"kvm2": batch}, records(t, f, host.Cluster)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestNewerRecordOnOneHostKeepsAllHosts(t *testing.T) {
	f := open(t, labConfig(t, UnreachableError))
	const newer = `{"version":2,"cluster":"compute"}`
	for name, change := range map[string]func() error{
		"update": func() error {
			_, err := f.Update(testContext(t), compute(downtime(500)), all[:1], members(t, f, all[1:2]...))
			return err
		},
		"delete": func() error {
			_, err := f.Delete(testContext(t), compute(downtime(400)), members(t, f, all[:2]...))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			withoutRecords(t)
			setRecord(t, f, "kvm1", host.Cluster, newer)
			setRecord(t, f, "kvm2", host.Cluster, record400)
			var refused *NewerRecordError
			if err := change(); !errors.As(err, &refused) || refused.Copy.Host != "kvm1" {
				t.Errorf("error %v, want a NewerRecordError of kvm1", err)
			}
			if diff := cmp.Diff(map[string]string{"kvm1": newer, "kvm2": record400}, records(t, f, host.Cluster)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneNameIsOneCluster(t *testing.T) {
	withoutRecords(t)
	f := open(t, labConfig(t, UnreachableError))
	setRecord(t, f, "kvm1", host.Cluster, record400)
	var exists *ExistsError
	if _, err := f.Create(testContext(t), compute(downtime(500)), all[1:2]); !errors.As(err, &exists) || exists.Copy.Host != "kvm1" {
		t.Errorf("error %v, want an ExistsError of kvm1", err)
	}
	if diff := cmp.Diff(map[string]string{"kvm1": record400}, records(t, f, host.Cluster)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestFindRecord(t *testing.T) {
	f := open(t, labConfig(t, UnreachableError))
	for name, test := range map[string]struct {
		records map[string]string
		want    *Found
		drift   []string
		invalid string
	}{
		"none":                    {nil, nil, nil, ""},
		"another cluster's":       {map[string]string{"kvm1": batch}, nil, nil, ""},
		"one that cannot be read": {map[string]string{"kvm1": "nothing"}, nil, nil, "kvm1"},
		"the most common": {
			map[string]string{"kvm1": record400, "kvm2": record500, "kvm3": record500},
			&Found{Policy: downtime(500), Hosts: []string{"kvm2", "kvm3"}, Written: members(t, f, all...)},
			[]string{"the copy on kvm1 differs: max_downtime_ms is 400, declared 500"},
			"",
		},
		"of as many, that of the first host": {
			map[string]string{"kvm2": record500, "kvm3": record400},
			&Found{Policy: downtime(500), Hosts: []string{"kvm2"}, Written: members(t, f, "kvm2", "kvm3")},
			[]string{"the copy on kvm3 differs: max_downtime_ms is 400, declared 500"},
			"",
		},
		"beside one that cannot be read": {
			map[string]string{"kvm1": "nothing", "kvm3": record400},
			&Found{Policy: downtime(400), Hosts: []string{"kvm3"}, Written: members(t, f, "kvm1", "kvm3")},
			[]string{"the copy on kvm1 cannot be read: the record is not a JSON object: nothing"},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			withoutRecords(t)
			for name, document := range test.records {
				setRecord(t, f, name, host.Cluster, document)
			}
			found, err := f.FindRecord(testContext(t), Declaration{Cluster: "compute"})
			var invalid *InvalidRecordError
			switch {
			case test.invalid != "":
				if !errors.As(err, &invalid) || invalid.Copy.Host != test.invalid {
					t.Errorf("error %v, want an InvalidRecordError of %s", err, test.invalid)
				}
			case err != nil:
				t.Error(err)
			default:
				ignored := cmpopts.IgnoreFields(Found{}, "Seen", "Drift")
				if diff := cmp.Diff(test.want, found, cmpopts.EquateEmpty(), ignored); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
				var drift []Drift
				if found != nil {
					drift = found.Drift
				}
				if diff := cmp.Diff(test.drift, driftLines(drift), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("drift (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSurvey(t *testing.T) {
	declared := compute(downtime(500))
	declared.Owner, declared.Formerly = "us", []string{"former"}
	two := members(t, open(t, labConfig(t, UnreachableError)), all[:2]...)
	renamed := []Member{{Name: "formerly", UUID: two[0].UUID}, two[1]}
	swapped := []Member{{Name: "kvm2", UUID: two[0].UUID}, {Name: "kvm1", UUID: two[1].UUID}}
	changed := downtime(400)
	for name, test := range map[string]struct {
		records map[string]string
		down    []string
		// written and inSync are what is known from before.
		written []Member
		inSync  []string
		want    Survey
		drift   []string
	}{
		"in sync": {
			records: map[string]string{"kvm1": record500, "kvm2": record500}, written: two, inSync: all[:2],
			want: Survey{Hosts: all[:2], Written: two},
		},
		"one is missing": {
			records: map[string]string{"kvm1": record500}, written: two, inSync: all[:2],
			want: Survey{Hosts: all[:1], Written: two[:1]}, drift: []string{"the copy on kvm2 is missing"},
		},
		"one is another cluster's": {
			records: map[string]string{"kvm1": record500, "kvm2": batch}, written: two, inSync: all[:2],
			want:  Survey{Hosts: all[:1], Written: two[:1], Stuck: &HeldError{Host: "kvm2", Cluster: "batch"}},
			drift: []string{`the copy on kvm2 differs: it belongs to cluster "batch"`},
		},
		"all changed alike": {
			records: map[string]string{"kvm1": record400, "kvm2": record400}, written: two, inSync: all[:2],
			want: Survey{Hosts: all[:2], Written: two, Changed: &changed},
			drift: []string{
				"the copy on kvm1 differs: max_downtime_ms is 400, declared 500", "the copy on kvm2 differs: max_downtime_ms is 400, declared 500",
			},
		},
		"gone": {
			written: two, inSync: all[:2],
			want: Survey{Gone: true}, drift: []string{"the copy on kvm1 is missing", "the copy on kvm2 is missing"},
		},
		"one is down that was in sync": {
			records: map[string]string{"kvm1": record500}, down: []string{"kvm2"}, written: two, inSync: all[:2],
			want: Survey{Hosts: all[:2], Written: two, Unasked: all[1:2]},
		},
		"one is down that was not": {
			records: map[string]string{"kvm1": record500}, down: []string{"kvm2"}, written: two, inSync: all[:1],
			want: Survey{Hosts: all[:1], Written: two, Unasked: all[1:2]},
		},
		"nothing is seen, one is down": {
			down: []string{"kvm2"}, written: two, inSync: all[:2],
			want: Survey{Hosts: all[1:2], Written: two[1:], Unasked: all[1:2]}, drift: []string{"the copy on kvm1 is missing"},
		},
		"one was dropped": {
			records: map[string]string{"kvm1": record500}, written: []Member{dropped, two[0]}, inSync: []string{"dropped", "kvm1"},
			want: Survey{Hosts: all[:1], Written: two[:1], LetGo: []Member{letGo}},
		},
		"all were dropped": {
			written: []Member{dropped}, inSync: []string{"dropped"},
			want: Survey{LetGo: []Member{letGo}},
		},
		"one was dropped, or is the one that is down": {
			records: map[string]string{"kvm1": record500}, down: []string{"kvm2"}, written: []Member{dropped, two[0]}, inSync: []string{"dropped", "kvm1"},
			want: Survey{Hosts: []string{"dropped", "kvm1"}, Written: []Member{two[0], dropped}, Unasked: []string{"dropped"}},
		},
		"one was let go before, and another is down": {
			records: map[string]string{"kvm1": record500}, down: []string{"kvm3"}, written: []Member{letGo, two[0]}, inSync: all[:1],
			want: Survey{Hosts: all[:1], Written: two[:1], LetGo: []Member{letGo}},
		},
		"one was let go before, and is back": {
			records: map[string]string{"kvm1": record500, "kvm2": record500}, written: []Member{{Name: "kvm2", UUID: two[1].UUID, LetGo: true}, two[0]}, inSync: all[:1],
			want: Survey{Hosts: all[:2], Written: two},
		},
		"one was renamed": {
			records: map[string]string{"kvm1": record500, "kvm2": record500}, written: renamed, inSync: []string{"formerly", "kvm2"},
			want: Survey{Hosts: all[:2], Written: two, Renamed: []Renaming{{From: "formerly", Now: two[0]}}},
		},
		"two were swapped, and one has no record": {
			records: map[string]string{"kvm1": record500}, written: swapped[:1], inSync: all[1:2],
			want: Survey{Hosts: all[:1], Written: two[:1], Renamed: []Renaming{{From: "kvm2", Now: two[0]}}},
		},
		"one is another instance's": {
			records: map[string]string{"kvm1": record500, "kvm2": theirs}, written: two, inSync: all[:2],
			want: Survey{Hosts: all[:2], Written: two, Redeclared: []Copy{Copy{Host: "kvm2", HostUUID: two[1].UUID, Level: host.Cluster, Document: new(theirs)}.decode()}},
		},
		"all have a former name and the same policy": {
			records: map[string]string{"kvm1": former500, "kvm2": former500}, written: two, inSync: all[:2],
			want: Survey{Written: two},
			drift: []string{
				`the copy on kvm1 differs: it belongs to cluster "former"`, `the copy on kvm2 differs: it belongs to cluster "former"`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			withoutRecords(t)
			up := open(t, labConfig(t, UnreachableError))
			for name, document := range test.records {
				setRecord(t, up, name, host.Cluster, document)
			}
			got, err := open(t, labConfig(t, UnreachableWarn, test.down...)).Survey(testContext(t), declared, test.written, test.inSync)
			if err != nil {
				t.Fatal(err)
			}
			unseen := slices.DeleteFunc(slices.Clone(test.down), func(name string) bool { return name == "kvm3" }) // it has no part in the record
			if len(got.Unseen) != len(unseen) {
				t.Errorf("unseen are %v, want %v", got.Unseen, unseen)
			}
			if diff := cmp.Diff(test.drift, driftLines(got.Drift), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}
			got.Unseen, got.Seen, got.Drift = nil, nil, nil
			sameText := cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty(), sameText); diff != "" {
				t.Errorf("survey (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewsIsToldOnce(t *testing.T) {
	t.Parallel()
	f := open(t, labConfig(t, UnreachableError))
	for _, step := range []struct {
		hosts []string
		want  bool
	}{
		{[]string{"kvm1"}, true},
		{[]string{"kvm1"}, false},
		{[]string{"kvm1", "kvm2"}, true},
		{[]string{"kvm2"}, false},
	} {
		if got := f.News(&HostsDownError{Hosts: step.hosts}); got != step.want {
			t.Errorf("%v is news: %v, want %v", step.hosts, got, step.want)
		}
	}
}

func driftLines(all []Drift) []string {
	lines := make([]string, len(all))
	for i, d := range all {
		lines[i] = d.String()
	}
	return lines
}
