package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The lines are Terraform 1.16's, shortened.
func TestHearingShowsWhatIsWorthSeeing(t *testing.T) {
	t.Parallel()
	var seen []string
	h := &hearing{show: func(line string) { seen = append(seen, line) }}
	for _, line := range []string{
		`{"@level":"info","@message":"Terraform 1.16.0","type":"version"}`,
		`{"@message":"virt_vm_live_migration.web: Refreshing state...","hook":{"resource":{}},"type":"refresh_start"}`,
		`{"@message":"virt_vm_live_migration.web: Plan to update","change":{"action":"update"},"type":"planned_change"}`,
		`{"@message":"data.virt_effective_migration_policy.web: Refresh complete","type":"apply_complete"}`,
		`{"@message":"action.x - 0s, starting","hook":{"action":{"addr":"action.x"},"message":"0s, starting"},"type":"action_progress"}`,
		`{"@level":"error","@message":"Error: Invalid Host","diagnostic":{"severity":"error","summary":"Invalid Host","detail":"There is no kvm3."},"type":"diagnostic"}`,
		`{"@level":"warn","@message":"Warning: W","diagnostic":{"severity":"warning","summary":"W","detail":""},"type":"diagnostic"}`,
		`Failed to load plugin schemas`,
	} {
		h.event([]byte(line))
	}
	for _, line := range []string{
		`2026-11-22T23:50:09.073Z [INFO]  provider.terraform-provider-virt_v0.0.1: configuring server automatic mTLS: timestamp=2026-11-22T23:50:09.073Z`,
		`2026-11-22T23:50:09.508Z [INFO]  provider.terraform-provider-virt_v0.0.1: 0s, starting: from kvm2 to kvm1, peer-to-peer: @module=virt tf_resource_type=virt_vm_live_migration tf_rpc=ApplyResourceChange`,
		`2026-11-22T23:50:14.508Z [INFO]  provider.terraform-provider-virt_v0.0.1: 5s, pre-copy: pass 1: tf_resource_type=virt_vm_live_migration @module=virt`,
		`2026-11-22T23:50:14.508Z [ERROR] provider.terraform-provider-virt_v0.0.1: Response contains error diagnostic: tf_resource_type=virt_vm_live_migration`,
	} {
		h.log([]byte(line))
	}
	want := []string{
		"virt_vm_live_migration.web: Plan to update",
		"  0s, starting",
		"\nError: Invalid Host\n\nThere is no kvm3.\n",
		"\nWarning: W\n",
		"  0s, starting: from kvm2 to kvm1, peer-to-peer",
		"  5s, pre-copy: pass 1",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if len(h.failures) != 1 || h.failures[0].Summary != "Invalid Host" {
		t.Errorf("failures are %v", h.failures)
	}
	if got := h.unknown.String(); got != "Failed to load plugin schemas\n" {
		t.Errorf("not understood: %q", got)
	}
}
