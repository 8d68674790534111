//go:build lab

package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestMain(m *testing.M) { lab.Main(m, lab.WithHosts(3)) }

// testTimeout bounds what one test asks of the hosts.
const testTimeout = 2 * time.Minute

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

func testLab(t *testing.T) *lab.World {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// refusing is the URI of a host on which nothing listens.
const refusing = "qemu+tcp://10.77.0.11:9/system"

// labConfig is a fleet of the lab's hosts, in which those that are down cannot
// be reached. Its limits are those of nobody: the tests run side by side, and each fleet
// counts the migrations of all.
func labConfig(t *testing.T, unreachable Unreachable, down ...string) Config {
	t.Helper()
	config := Config{Unreachable: unreachable, MaxOutgoing: MostMigrations, MaxIncoming: MostMigrations}
	for _, h := range testLab(t).Hosts {
		c := host.Config{Name: h.Name, URI: h.URI, PeerURI: h.PeerURI, MigrationURI: h.MigrationURI}
		for _, name := range down {
			if name == h.Name {
				c.URI = refusing
			}
		}
		config.Hosts = append(config.Hosts, c)
	}
	return config
}

func open(t *testing.T, config Config) *Fleet {
	t.Helper()
	f, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// withoutRecords removes the records of the hosts before a test and after it.
func withoutRecords(t *testing.T) {
	t.Helper()
	remove := func(ctx context.Context) {
		f, err := New(labConfig(t, UnreachableError))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, h := range f.hosts {
			for _, level := range []host.Level{host.Global, host.Cluster} {
				if err := h.DeleteRecord(ctx, level); err != nil {
					t.Error(err)
				}
			}
		}
	}
	remove(testContext(t))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		remove(ctx)
	})
}

// setRecord writes a host's record as another program would, whatever it says.
func setRecord(t *testing.T, f *Fleet, name string, level host.Level, document string) {
	t.Helper()
	h, err := f.host(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.WriteRecord(testContext(t), level, document); err != nil {
		t.Fatal(err)
	}
}

// records are the records of a level on all hosts, by host; those without are
// left out.
func records(t *testing.T, f *Fleet, level host.Level) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, h := range f.hosts {
		document, err := h.Record(testContext(t), level)
		if err != nil {
			t.Fatal(err)
		}
		if document != nil {
			found[h.Name()] = *document
		}
	}
	return found
}

func compute(p policy.Policy) Declaration { return Declaration{Cluster: "compute", Policy: p} }
