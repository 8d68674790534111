package provider

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
)

// TestProgressFields has what a program reads of a move in Terraform's log.
func TestProgressFields(t *testing.T) {
	t.Parallel()
	move := migration.Subject{UUID: "U", Name: "web", Source: "kvm1", Destination: "kvm2"}
	for name, test := range map[string]struct {
		progress fleet.Progress
		want     map[string]any
	}{
		"it waits": {
			fleet.Progress{Progress: migration.Progress{Subject: move}, Waiting: places.Wait{Kind: places.OtherMove}},
			map[string]any{"waiting_for": "another move of the VM"},
		},
		"something happens": {
			fleet.Progress{Progress: migration.Progress{Subject: move, Phase: migration.PhaseVerifying, Elapsed: time.Minute, Notice: migration.Notice{Kind: migration.NoticeVerifying}}},
			map[string]any{"phase": "verifying", "elapsed_ms": int64(60000), "event": "verifying"},
		},
		"a reading": {
			fleet.Progress{Progress: migration.Progress{
				Subject: move, Phase: migration.PhasePreCopy, Elapsed: time.Second,
				Pass: 2, Remaining: 3, Total: 4, Bandwidth: 5, DirtyRate: 6, Throttle: new(int64(20)), Estimate: new(7 * time.Second),
				Share: 8,
			}},
			map[string]any{
				"phase": "pre_copy", "elapsed_ms": int64(1000), "pass": uint64(2), "memory_remaining_bytes": uint64(3), "memory_total_bytes": uint64(4),
				"bandwidth_bytes_per_second": uint64(5), "dirty_rate_bytes_per_second": uint64(6), "throttle_percent": int64(20), "estimate_ms": int64(7000),
				"share_mib_per_second": int64(8),
			},
		},
		"a reading of disks": {
			fleet.Progress{Progress: migration.Progress{
				Subject: move, Phase: migration.PhaseMirroring, Elapsed: time.Second,
				Mirror: migration.MirrorFigures{
					Total: 9, Copied: 4, Remaining: 5, Rate: 3, WriteRate: 2,
					Disks: []migration.DiskCopy{{Target: "vda", Total: 3, Copied: 3}, {Target: "vdb", Total: 6, Copied: 1}},
				},
				Estimate: new(5 * time.Second),
			}},
			map[string]any{
				"phase": "mirroring", "elapsed_ms": int64(1000), "disk_remaining_bytes": uint64(5), "disk_total_bytes": uint64(9),
				"disk_bytes_per_second": uint64(3), "disk_write_bytes_per_second": uint64(2), "estimate_ms": int64(5000),
				"disks": []map[string]any{
					{"target": "vda", "total_bytes": uint64(3), "copied_bytes": uint64(3), "ready": true},
					{"target": "vdb", "total_bytes": uint64(6), "copied_bytes": uint64(1), "ready": false},
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for key, value := range map[string]any{"vm_uuid": "U", "vm_name": "web", "source": "kvm1", "destination": "kvm2"} {
				test.want[key] = value
			}
			if diff := cmp.Diff(test.want, progressFields(test.progress)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDoneFields has what a program reads of the end of a move.
func TestDoneFields(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)
	there := fleet.Location{Host: "kvm1", Domain: migration.Domain{UUID: "U", Name: "web"}}
	subject := migration.Subject{UUID: "U", Name: "web", Source: "kvm1", Destination: "kvm2"}
	for name, test := range map[string]struct {
		report migration.Report
		want   map[string]any
	}{
		"nothing to move": {migration.Report{Subject: migration.Subject{Destination: "kvm2"}}, map[string]any{"moved": false, "source": ""}},
		"moved": {
			migration.Report{
				Subject: subject, Moved: true, StartedAt: at, Duration: time.Second, Downtime: new(5 * time.Millisecond), MemoryTotal: 1, MemoryTransferred: 2,
				Iterations: 3, Throttle: new(int64(20)), Mode: migration.Direct, Phase: migration.PhasePreCopy,
			},
			map[string]any{
				"moved": true, "source": "kvm1", "started_at": at, "duration_ms": int64(1000), "downtime_ms": int64(5), "memory_total_bytes": uint64(1),
				"memory_transferred_bytes": uint64(2), "pass": uint64(3), "throttle_percent": int64(20), "mode": "direct", "phase": "pre_copy", "definition": false,
			},
		},
		"its definition": {
			migration.Report{Subject: subject, Moved: true, Definition: true, StartedAt: at, Duration: time.Second, Mode: migration.PeerToPeer},
			map[string]any{"moved": true, "source": "kvm1", "started_at": at, "duration_ms": int64(1000), "mode": "peer_to_peer", "definition": true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for key, value := range map[string]any{"vm_uuid": "U", "vm_name": "web", "destination": "kvm2", "event": "done"} {
				test.want[key] = value
			}
			if diff := cmp.Diff(test.want, doneFields(fleet.Moved{Location: there, Report: test.report})); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// TestProgressFieldsTellOfEveryMember wants every member of a progress in Terraform's
// log: without it, the log says something else.
func TestProgressFieldsTellOfEveryMember(t *testing.T) {
	t.Parallel()
	full := migration.Progress{
		Subject: migration.Subject{UUID: "U", Name: "web", Source: "kvm1", Destination: "kvm2"},
		Phase:   migration.PhasePreCopy, Notice: migration.Notice{Kind: migration.NoticeSending}, Elapsed: time.Second,
		Pass: 2, Remaining: 3, Total: 4, Bandwidth: 5, DirtyRate: 6, Throttle: new(int64(20)), Estimate: new(7 * time.Second), Hopeless: true,
		Mirror: migration.MirrorFigures{Total: 9}, Share: 8,
	}
	all := progressFields(fleet.Progress{Progress: full})
	for _, member := range reflect.VisibleFields(reflect.TypeFor[migration.Progress]()) {
		t.Run(member.Name, func(t *testing.T) {
			t.Parallel()
			less := full
			value := reflect.ValueOf(&less).Elem().FieldByIndex(member.Index)
			if value.IsZero() {
				t.Fatal("this test gives it no value")
			}
			value.SetZero()
			if cmp.Equal(all, progressFields(fleet.Progress{Progress: less})) {
				t.Errorf("no field of the log tells of it: %v", all)
			}
		})
	}
}
