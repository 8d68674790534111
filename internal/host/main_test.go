//go:build lab

package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// labHosts are the lab's hosts, and ours to reach them.
func labHosts(t *testing.T) []*lab.Host {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return world.Hosts
}

func world(t *testing.T) *lab.World {
	t.Helper()
	w, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// connect makes a Host of a host in the lab, closed when the test ends.
func connect(t *testing.T, l *lab.Host, options ...host.Option) *host.Host {
	t.Helper()
	return open(t, host.Config{Name: l.Name, URI: l.URI, PeerURI: l.PeerURI, MigrationURI: l.MigrationURI}, options...)
}

// testContextAfter is a context for what a test undoes when it has ended.
func testContextAfter(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), testTimeout)
	time.AfterFunc(testTimeout, cancel)
	return ctx
}
