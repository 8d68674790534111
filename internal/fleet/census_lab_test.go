//go:build lab

package fleet

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// callsPerVM and callsPerHost are what a plan of many VMs may cost; callsPerWrite, and one on
// each host, what a write costs where the VM is shut off: both copies before and after it.
const (
	callsPerVM    = 2
	callsPerHost  = 10
	callsPerWrite = 5
)

// Reading, previewing and writing many policies costs little on each host.
func TestCensus_cost(t *testing.T) {
	w := testLab(t)
	withoutRecords(t)
	guests := w.StartGuests(t, 12, lab.GuestSpec{Bare: true, State: lab.Inactive})
	var calls lab.CallCounter
	config := labConfig(t, UnreachableError)
	for i := range config.Hosts {
		config.Hosts[i].URI = w.Hosts[i].CountedURI(t, &calls)
	}
	f := open(t, config)
	want := Declaration{Policy: policy.Policy{MaxDowntimeMS: new(int64(400))}}
	var reading sync.WaitGroup
	for _, g := range guests {
		reading.Go(func() {
			record, err := f.ReadVMByUUID(testContext(t), g.UUID, "")
			if err != nil || record.Location.Host != "kvm1" || record.Location.Domain.Name != g.Name || !record.Gone() {
				t.Errorf("%s: %+v, %v", g.Name, record, err)
			}
			if _, err := f.Preview(testContext(t), g.UUID, "", want.Policy); err != nil {
				t.Error(err)
			}
		})
	}
	reading.Wait()
	made, most := calls.TakeAboutVMs(), callsPerVM*len(guests)+callsPerHost*len(config.Hosts)
	t.Logf("%d calls for %d VMs on %d hosts", made, len(guests), len(config.Hosts))
	if made > most {
		t.Errorf("%d calls, more than %d", made, most)
	}
	refresh(f)
	calls.Take()
	for _, g := range guests {
		if _, err := f.CreateVM(testContext(t), g.Name, want); err != nil {
			t.Error(err)
		}
		if removed, left, err := f.DeleteVM(testContext(t), g.UUID, "", want); err != nil || left != nil || len(removed) != 1 {
			t.Errorf("removed %v, left %v, %v", removed, left, err)
		}
	}
	// To create by name asks each host for the name, too.
	hosts := len(config.Hosts)
	made, _ = calls.Take()
	most = (2*callsPerWrite + 3*hosts - 2) * len(guests)
	t.Logf("%d calls for %d writes by name and %d removals", made, len(guests), len(guests))
	if made > most {
		t.Errorf("%d calls, more than %d", made, most)
	}
}

// What a census has seen is not believed where a record is written or a VM has gone on.
func TestCensus_stale(t *testing.T) {
	w := testLab(t)
	guests := w.StartGuests(t, censusFrom, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	for _, g := range guests {
		if _, err := f.ReadVMByUUID(testContext(t), g.UUID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if l, ok := f.recent(testContext(t), guests[0].UUID, ""); !ok || l.Host != "kvm1" {
		t.Fatalf("no census has seen the VM: %+v", l)
	}
	kvm1 := w.Host("kvm1")
	kvm1.MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", "--undefinesource", guests[0].Name, w.Host("kvm2").PeerURI)
	kvm1.MustVirsh(t, "destroy", guests[1].Name)
	kvm1.MustVirsh(t, "undefine", guests[2].Name) // transient now
	want := Declaration{Policy: policy.Policy{MaxDowntimeMS: new(int64(400))}}
	for i, copies := range map[int]string{0: "[live config] on kvm2", 1: "[config] on kvm1", 2: "[live] on kvm1"} {
		refresh(f)
		changed, err := f.UpdateVM(testContext(t), guests[i].UUID, "", want)
		if err != nil {
			t.Errorf("VM %d: %v", i, err)
			continue
		}
		if got := impactsOf(changed.Record); got != copies {
			t.Errorf("VM %d: %s, want %s", i, got, copies)
		}
	}
}

// refresh makes a census count as taken now, as old as what it says is: the time that the
// test takes does not matter.
func refresh(f *Fleet) {
	f.census.mu.Lock()
	defer f.census.mu.Unlock()
	f.census.last.began = time.Now()
}

// A VM that was shut off may have been started on another host since the census.
func TestCensus_startedElsewhere(t *testing.T) {
	w := testLab(t)
	guests := w.StartGuests(t, censusFrom, lab.GuestSpec{Bare: true, State: lab.Inactive})
	f := open(t, labConfig(t, UnreachableError))
	for _, g := range guests {
		if _, err := f.ReadVMByUUID(testContext(t), g.UUID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if l, ok := f.recent(testContext(t), guests[0].UUID, ""); !ok || l.Host != "kvm1" {
		t.Fatalf("no census has seen the VM: %+v", l)
	}
	w.Host("kvm1").MustVirsh(t, "migrate", "--offline", "--persistent", guests[0].Name, w.Host("kvm2").PeerURI)
	w.Host("kvm2").MustVirsh(t, "start", guests[0].Name)
	refresh(f)
	changed, err := f.UpdateVM(testContext(t), guests[0].UUID, "", Declaration{Policy: policy.Policy{MaxDowntimeMS: new(int64(400))}})
	if err != nil || impactsOf(changed.Record) != "[live config] on kvm2" {
		t.Errorf("written: %s, %v", impactsOf(changed.Record), err)
	}
	w.Host("kvm1").MustVirsh(t, "migrate", "--offline", "--persistent", guests[1].Name, w.Host("kvm2").PeerURI)
	w.Host("kvm2").MustVirsh(t, "start", guests[1].Name)
	refresh(f)
	changed, err = f.CreateVM(testContext(t), guests[1].Name, Declaration{Policy: policy.Policy{MaxDowntimeMS: new(int64(400))}})
	if err != nil || impactsOf(changed.Record) != "[live config] on kvm2" {
		t.Errorf("created: %s, %v", impactsOf(changed.Record), err)
	}
}

// A name may mean another VM than it did in the census.
func TestCensus_renamed(t *testing.T) {
	w := testLab(t)
	guests := w.StartGuests(t, censusFrom, lab.GuestSpec{Bare: true, State: lab.Inactive})
	f := open(t, labConfig(t, UnreachableError))
	for _, g := range guests {
		if _, err := f.ReadVMByUUID(testContext(t), g.UUID, ""); err != nil {
			t.Fatal(err)
		}
	}
	kvm1, first, second := w.Host("kvm1"), guests[0].Name, guests[1].Name
	kvm1.MustVirsh(t, "domrename", first, "renamed")
	kvm1.MustVirsh(t, "domrename", second, first)
	refresh(f)
	created, err := f.CreateVM(testContext(t), first, Declaration{Policy: policy.Policy{MaxDowntimeMS: new(int64(400))}})
	if err != nil || created.Record.Location.Domain.UUID != guests[1].UUID {
		t.Errorf("created for %+v, %v, want the VM that has the name now", created.Record.Location.Domain, err)
	}
	_, err = f.CreateVM(testContext(t), second, Declaration{Policy: policy.Policy{MaxDowntimeMS: new(int64(400))}})
	if !isNotFound(err) {
		t.Errorf("created for a name that no VM has any more: %v", err)
	}
}

// impactsOf names the copies of a record.
func impactsOf(r VMRecord) string {
	var impacts []string
	for _, c := range r.Copies {
		impacts = append(impacts, c.Impact)
	}
	return fmt.Sprintf("%v on %s", impacts, r.Location.Host)
}
