//go:build lab

package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// crowd starts a VM on a host that may take all memory there and has taken none yet.
func crowd(t *testing.T, f *Fleet, name string) (empty func()) {
	t.Helper()
	h, err := f.host(name)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := h.Memory(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.NewString()
	definition := fmt.Sprintf(`<domain type="qemu"><name>fills-%s</name><uuid>%s</uuid><memory unit="MiB">%d</memory>
		<os><type arch="x86_64">hvm</type></os><devices><emulator>%s</emulator></devices></domain>`,
		name, id, memory.Available>>20+1024, lab.Emulator)
	file := filepath.Join(t.TempDir(), "domain.xml")
	if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	on := testLab(t).Host(name)
	on.MustVirsh(t, "create", "--paused", file)
	gone := false
	empty = func() {
		if gone {
			return
		}
		gone = true
		if _, err := on.Virsh(after(t), "destroy", id); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(empty)
	return empty
}

// A move that has waited for its place looks again at the host that was chosen for it: one that has filled up meanwhile
// is left, and the VM goes to another, or stays where it is.
func TestMove_choosesAgain(t *testing.T) {
	world := testLab(t)
	config := labConfig(t, UnreachableError)
	config.MaxIncoming = 1
	f := open(t, config)
	guests := world.StartGuests(t, 2, lab.GuestSpec{})
	cordonHost(t, f, "kvm3", cordon.Record{Cordoned: true})
	first, cancelFirst := context.WithCancel(testContext(t))
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		once := false
		_, _ = f.Move(first, Move{VM: guests[0].UUID, Destination: "kvm2", Policy: policy.Policy{BandwidthMiBPerSecond: new(int64(1))}}, func(p Progress) {
			if !once && p.Waiting.Kind == places.NoWait {
				once = true
				close(begun)
			}
		})
	}()
	defer func() { <-ended }()
	defer cancelFirst()
	<-begun
	var lapsed []placement.Reason
	waited := false
	moved, err := f.Move(testContext(t), Move{VM: guests[1].UUID, Among: Candidates{Hosts: []string{"kvm2", "kvm3"}}}, func(p Progress) {
		if p.Waiting.Kind == places.FullDestination && !waited {
			waited = true
			crowd(t, f, "kvm2")
			cordonHost(t, f, "kvm3", cordon.Record{})
			cancelFirst()
		}
		if p.Lapsed != nil {
			lapsed = append(lapsed, p.Lapsed)
		}
	})
	if err != nil || !waited || len(lapsed) != 1 {
		t.Fatalf("%v; it waited: %t; lapsed: %v", err, waited, lapsed)
	}
	if _, short := lapsed[0].(placement.MemoryShort); !short {
		t.Errorf("it lapsed because of %v", lapsed[0])
	}
	if l, err := f.FindUUID(testContext(t), guests[1].UUID, ""); err != nil || l.Host != "kvm3" || !moved.Report.Moved {
		t.Errorf("it is on %s, %v", l.Host, err)
	}
}

// A host that has filled up since it was emptied takes back what it has room for, and says what it lacks for the others.
// A VM whose history has no room for its move is named when it leaves.
func TestEndMaintenance_withoutRoom(t *testing.T) {
	world := testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	guests := world.StartGuests(t, 2, lab.GuestSpec{Bare: true})
	cordonHost(t, f, "kvm1", cordon.Record{})
	e := Evacuation{Host: "kvm1", Cordon: true, GoOn: true}
	silent := func(EvacuationProgress) {}
	newer := "<migration-history>{&quot;version&quot;:99}</migration-history>"
	world.Host("kvm1").MustVirsh(t, "metadata", guests[1].UUID, "urn:virt:migration-history:1", "--key", "virth", "--set", newer, "--live", "--config")
	done, err := f.Evacuate(testContext(t), e, silent)
	if err != nil {
		t.Fatal(err)
	}
	var unwritten *UnwrittenError
	if len(done.Failures) != 1 || !errors.As(done.Failures[0].Err, &unwritten) || done.Failures[0].VM.UUID != guests[1].UUID {
		t.Fatalf("failed: %v", done.Failures)
	}
	if !unwritten.Seen || unwritten.Location.Host == "kvm1" || !unwritten.Location.Domain.Active() {
		t.Errorf("it is said to be at %+v", unwritten)
	}
	empty := crowd(t, f, "kvm1")
	plan, err := f.PlanReturn(testContext(t), "kvm1")
	if err != nil || len(plan.Move) != 0 || len(plan.Stuck) != 1 || plan.Stuck[0].VM.UUID != guests[0].UUID {
		t.Fatalf("planned: %+v, %v", plan, err)
	}
	_, _, err = f.EndMaintenance(testContext(t), "kvm1", true, false, silent)
	var failed *EvacuationError
	if !errors.As(err, &failed) || len(failed.Stuck) != 1 || len(failed.Failures) != 1 {
		t.Fatalf("without room: %v", err)
	}
	if _, short := failed.Stuck[0].Binding.(placement.MemoryShort); !short || failed.Stuck[0].VM.Host == "kvm1" {
		t.Errorf("stuck: %+v", failed.Stuck)
	}
	empty()
	if record, err := f.Cordon(testContext(t), "kvm1"); err != nil || record.Cordoned || record.Evacuation == "" {
		t.Errorf("the record is %+v, %v", record, err)
	}
	began := time.Now()
	last, failures, err := f.EndMaintenance(testContext(t), "kvm1", true, true, silent)
	if err != nil || len(last.Stuck) != 0 || len(failures) != 1 {
		t.Errorf("with room: %+v, %v, %v", last.Stuck, failures, err)
	}
	t.Logf("back after %v", time.Since(began))
	if l, err := f.FindUUID(testContext(t), guests[0].UUID, ""); err != nil || l.Host != "kvm1" {
		t.Errorf("it is on %s, %v", l.Host, err)
	}
}
