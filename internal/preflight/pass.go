package preflight

import (
	"context"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// passCheck looks whether one pass over the guest's memory can end within the timeout, at
// the bandwidth that the policy allows. Without a limit of the bandwidth nothing is known
// of that. A switch to post-copy at the timeout needs no pass to end.
type passCheck struct{}

// PassTooLong is a timeout that ends a move before one pass over all of the guest's memory
// has been sent.
type PassTooLong struct {
	// Memory is the most that the guest may use, in bytes, and Bandwidth what may be sent,
	// in bytes per second, by BandwidthOrigin.
	Memory, Bandwidth uint64
	BandwidthOrigin   policy.Origin
	// Takes is how long a pass takes at most, and Timeout the policy's, by TimeoutOrigin.
	Takes, Timeout time.Duration
	TimeoutOrigin  policy.Origin
}

// Problem implements migration.Fact.
func (PassTooLong) Problem() string { return "timeout shorter than one pass" }

func (passCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	p, memory := s.Move.Policy, s.assessed.Source().Domain.MemoryBytes
	bandwidth, takes := s.sending(memory)
	switched := p.PostCopy() && p.OnTimeout() == policy.SwitchToPostCopy
	if p.Timeout() == 0 || switched || takes <= p.Timeout() {
		return nil, nil
	}
	return []migration.Finding{{
		Fact: PassTooLong{
			memory, bandwidth, p.Origins.Of(policy.FieldBandwidth), takes, p.Timeout(), p.Origins.Of(policy.FieldTimeout),
		},
		Warning: true,
	}}, nil
}

// sending is what the policy lets a move send, in bytes per second, and how long so many bytes take at least; both are
// 0 where it sets no limit.
func (s *scope) sending(bytes uint64) (bandwidth uint64, takes time.Duration) {
	limit := s.Move.Policy.BandwidthMiBPerSecond
	if limit == nil || *limit <= 0 {
		return 0, 0
	}
	const mib = 1 << 20
	bandwidth = uint64(*limit) * mib
	return bandwidth, time.Duration(float64(bytes) / float64(bandwidth) * float64(time.Second))
}
