package report_test

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/report"
)

const mib = 1 << 20

// busy is the report of a move that auto-converge has brought to its end.
func busy() report.Document {
	started := time.Date(2026, 11, 26, 12, 0, 0, 123e6, time.UTC)
	d := report.Document{
		Version: report.Version,
		VM:      report.VM{UUID: "0f6f3f57-1a3b-4c5d-8e9f-001122334455", Name: "web & <db>"},
		Move: history.Entry{
			ID: "5a0c2f0e-5b8b-4f5e-9d0c-aabbccddeeff", StartedAt: started, EndedAt: started.Add(53 * time.Second),
			From: history.Host{UUID: "6d696772-0000-4000-8000-000000000001", Label: "kvm1"},
			To:   history.Host{UUID: "6d696772-0000-4000-8000-000000000002", Label: "kvm2"},
			Mode: "peer_to_peer", Phase: "pre_copy", Outcome: history.Completed,
			Policy: policy.Resolve(policy.Levels{Cluster: policy.Policy{AutoConverge: new(true)}}),
			Figures: &history.Figures{
				DurationMS: 53100, DowntimeMS: new(int64(321)), MemoryTotalBytes: 257 * mib, MemoryTransferredBytes: 1155 * mib,
				Iterations: 11, Throttle: new(int64(80)),
			},
		},
		Events: []report.Event{
			{ElapsedMS: -40, Event: "doubt", Phase: "starting", Message: "something may be wrong"},
			{ElapsedMS: 2, Event: "started", Phase: "starting", Message: "0s, starting: from kvm1 to kvm2, peer-to-peer"},
			{ElapsedMS: 31000, Event: "pausing", Phase: "pre_copy", Cause: "stalled", Message: "31s, pausing: no progress for 10s"},
			{ElapsedMS: 53100, Event: "verifying", Phase: "verifying", Message: "Both hosts are asked where the VM is."},
		},
	}
	for ms := int64(250); ms < 53000; ms += 250 {
		pass := ms / 5000
		s := report.Sample{
			ElapsedMS: ms, Phase: "pre_copy", Pass: uint64(pass + 1), MemoryTotal: 257 * mib, MemoryTransferred: uint64(ms) * 21 << 10,
			MemoryRemaining: uint64((257 - pass*15) * mib * (5000 - ms%5000) / 5000), Bandwidth: 21 * mib, DirtyRate: uint64(40-2*pass) * mib,
			DowntimeMS: 300,
		}
		if pass > 1 {
			s.Throttle = new(min(10+10*pass, 80))
		}
		d.Samples = append(d.Samples, s)
	}
	return d
}
