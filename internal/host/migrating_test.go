//go:build lab

package host_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// startMigration starts a peer-to-peer migration and returns once its job sends
// memory. How it ended comes by the channel.
func startMigration(t *testing.T, source *host.Host, uuid, peerURI string, p migration.Parameters) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- source.MigratePeerToPeer(testContext(t), uuid, peerURI, p) }()
	until(t, "the migration sends memory", func() bool {
		job, err := source.Job(testContext(t), uuid)
		return err == nil && job.Type == migration.JobRunning && job.MemoryProcessed > 0
	})
	return ended
}

// requireMigrations checks how many migrations a host says that it has.
func requireMigrations(t *testing.T, h *host.Host, incoming, outgoing int) {
	t.Helper()
	domains, err := h.DetailedDomains(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	in, out, err := h.Migrations(testContext(t), domains)
	if err != nil || in != incoming || out != outgoing {
		t.Errorf("%s has %d migrations to it and %d from it, %v, want %d and %d", h.Name(), in, out, err, incoming, outgoing)
	}
}

// told is what a policy tells libvirt.
func told(p policy.Policy) policy.Parameters {
	return policy.Resolve(policy.Levels{Run: p}).Parameters()
}

// until polls until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !rpctest.Poll(time.Minute, so) {
		t.Fatalf("%s: not within a minute", what)
	}
}
