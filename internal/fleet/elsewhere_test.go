package fleet

import (
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestAddElsewhere adds what a third host has of the VM, where that is more than a
// definition.
func TestAddElsewhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		third             string
		untouched         bool
		holders, incoming []string
		added             bool
	}{
		"nothing":                             {third: ""},
		"a definition":                        {third: "off"},
		"no answer":                           {third: "?"},
		"what another migration left":         {third: "post-copy source"},
		"it runs":                             {third: "running", holders: []string{"a"}, added: true},
		"it runs, which was so before":        {third: "running", untouched: true, holders: []string{"a"}, added: true},
		"it is paused":                        {third: "paused", holders: []string{"a"}, added: true},
		"it is asleep":                        {third: "asleep", holders: []string{"a"}, added: true},
		"it fetches memory":                   {third: "post-copy", holders: []string{"a"}, added: true},
		"it is incoming":                      {third: "incoming", incoming: []string{"a"}, added: true},
		"it is incoming, which was so before": {third: "incoming", untouched: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &migration.Failure{Outcome: migration.Outcome{Untouched: test.untouched}}
			addElsewhere(f, hosts(test.third).Hosts)
			if len(f.Elsewhere) > 0 != test.added {
				t.Errorf("added %v", f.Elsewhere)
			}
			if !slices.Equal(hostsSeen(f.Holders()), test.holders) && len(test.holders)+len(f.Holders()) > 0 {
				t.Errorf("held by %v", f.Holders())
			}
			if !slices.Equal(hostsSeen(f.Receivers()), test.incoming) && len(test.incoming)+len(f.Receivers()) > 0 {
				t.Errorf("received by %v", f.Receivers())
			}
		})
	}
}

// TestObserveElsewhereOnlyWhereNeitherHostRunsTheVM counts who calls a third host.
func TestObserveElsewhereOnlyWhereNeitherHostRunsTheVM(t *testing.T) {
	t.Parallel()
	for state, asked := range map[string]bool{"": true, "?": true, "off": true, "paused": true, "running": false, "post-copy": false} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			var calls atomic.Int32
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					calls.Add(1)
					_ = conn.Close()
				}
			}()
			var configs []host.Config
			for _, name := range []string{"a", "b", "c"} {
				configs = append(configs, host.Config{Name: name, URI: "qemu+tcp://" + listener.Addr().String() + "/system"})
			}
			f, err := New(Config{Hosts: configs, MaxOutgoing: DefaultMigrations, MaxIncoming: DefaultMigrations})
			if err != nil {
				t.Fatal(err)
			}
			seen := hosts("", state).Hosts
			failed := &migration.FailedError{Failure: migration.Failure{Outcome: migration.Outcome{UUID: "U", Source: seen[0], Destination: seen[1]}}}
			f.observeElsewhere(t.Context(), migration.Request{UUID: likeUUID, Source: f.hosts[0], Destination: f.hosts[1]}, failed)
			if got := calls.Load() > 0; got != asked {
				t.Errorf("a third host was asked: %v, want %v", got, asked)
			}
			f.Close()
		})
	}
}
