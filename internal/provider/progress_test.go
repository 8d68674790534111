package provider

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
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
			fleet.Progress{Progress: migration.Progress{Subject: move}, Waiting: fleet.Obstacle{Kind: fleet.OtherMove}},
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
			}},
			map[string]any{
				"phase": "pre_copy", "elapsed_ms": int64(1000), "pass": uint64(2), "memory_remaining_bytes": uint64(3), "memory_total_bytes": uint64(4),
				"bandwidth_bytes_per_second": uint64(5), "dirty_rate_bytes_per_second": uint64(6), "throttle_percent": int64(20), "estimate_ms": int64(7000),
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

// TestProgressFieldsTellOfEveryMember wants every member of a progress in Terraform's
// log: without it, the log says something else.
func TestProgressFieldsTellOfEveryMember(t *testing.T) {
	t.Parallel()
	full := migration.Progress{
		Subject: migration.Subject{UUID: "U", Name: "web", Source: "kvm1", Destination: "kvm2"},
		Phase:   migration.PhasePreCopy, Notice: migration.Notice{Kind: migration.NoticeSending}, Elapsed: time.Second,
		Pass: 2, Remaining: 3, Total: 4, Bandwidth: 5, DirtyRate: 6, Throttle: new(int64(20)), Estimate: new(7 * time.Second), Hopeless: true,
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
