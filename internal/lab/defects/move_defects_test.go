//go:build lab

package defects

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// moveDefects are about what is asked for.
func moveDefects() []defect {
	asks := func(change func(*policy.Policy)) func(*scene) { return func(s *scene) { change(&s.move.Policy) } }
	asked := func(says string, change func(*policy.Policy)) remedy {
		return act(says, func(s *scene) { change(&s.move.Policy) })
	}
	return []defect{
		{
			name: "compression over parallel connections", guest: paused(), short: true,
			plant:  asks(func(p *policy.Policy) { p.Compression, p.ParallelConnections = new(true), new(int64(4)) }),
			check:  preflight.CheckPolicy,
			remedy: asked("", func(p *policy.Policy) { p.ParallelConnections = new(int64(0)) }),
		},
		{
			name: "post-copy on timeout, and not allowed", guest: paused(),
			plant:  asks(func(p *policy.Policy) { p.OnTimeout = new(policy.SwitchToPostCopy) }),
			check:  preflight.CheckPolicy,
			remedy: asked("", func(p *policy.Policy) { p.PostCopy = new(true) }),
		},
		{
			name: "peer-to-peer to a host with a local URI", guest: paused(), short: true,
			plant: func(s *scene) { s.config.Hosts[1].URI, s.move.Mode = s.destination.SocketURI, migration.PeerToPeer },
			check: preflight.CheckMode, host: "kvm2",
			remedy: act("Set peer_uri", func(s *scene) { s.config.Hosts[1].PeerURI = s.destination.PeerURI }),
		},
		{
			name: "peer-to-peer to a host with a local URI, and direct instead", guest: paused(),
			plant: func(s *scene) { s.config.Hosts[1].URI, s.move.Mode = s.destination.SocketURI, migration.PeerToPeer },
			check: preflight.CheckMode, host: "kvm2",
			remedy: act(`mode = "direct"`, func(s *scene) { s.move.Mode = migration.Direct }),
		},
		{
			name: "timeout shorter than one pass", guest: paused(),
			plant: asks(func(p *policy.Policy) {
				p.BandwidthMiBPerSecond, p.Timeout = new(int64(1)), new(10*time.Second)
			}),
			check: preflight.CheckPass, warning: true,
			remedy: asked("Set a longer timeout", func(p *policy.Policy) { p.Timeout = new(10 * time.Minute) }),
		},
		{
			name: "RDMA without a memory limit", guest: paused(),
			plant: func(s *scene) { s.config.Hosts[1].MigrationURI = "rdma://" + s.destination.Address },
			check: preflight.CheckRDMA, host: "kvm1",
			remedy: act("set a migration_uri that begins with tcp", func(s *scene) {
				s.config.Hosts[1].MigrationURI = s.destination.MigrationURI
			}),
		},
	}
}
