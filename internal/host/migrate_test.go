//go:build lab

package host_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// qemu asks the QEMU of a domain for its migration's parameters and
// capabilities.
func qemu(t *testing.T, l *lab.Host, uuid string) (parameters map[string]any, capabilities map[string]bool) {
	t.Helper()
	ask := func(command string, into any) {
		answer := l.MustVirsh(t, "qemu-monitor-command", uuid, `{"execute":"`+command+`"}`)
		if err := json.Unmarshal([]byte(answer), into); err != nil {
			t.Fatalf("%s: %v in %s", command, err, answer)
		}
	}
	var p struct{ Return map[string]any }
	ask("query-migrate-parameters", &p)
	var c struct {
		Return []struct {
			Capability string
			State      bool
		}
	}
	ask("query-migrate-capabilities", &c)
	capabilities = map[string]bool{}
	for _, capability := range c.Return {
		capabilities[capability.Capability] = capability.State
	}
	return p.Return, capabilities
}

// onSource are the parameters and capabilities that libvirt sets on the source alone.
var onSource = []string{
	"cpu-throttle-initial", "cpu-throttle-increment", "auto-converge", "max-bandwidth", "avail-switchover-bandwidth",
	"zero-copy-send",
}

// Every field that libvirt is told of is seen in QEMU while the job runs, on both hosts where it concerns both.
func TestParametersReachQEMU(t *testing.T) {
	const mebibyte = 1 << 20
	tests := map[string]struct {
		policy       policy.Policy
		parameters   map[string]any
		capabilities map[string]bool
	}{
		"nothing": {
			policy.Policy{},
			map[string]any{
				"cpu-throttle-initial": 20., "cpu-throttle-increment": 10., "xbzrle-cache-size": 64. * mebibyte, "tls-creds": "",
				"multifd-compression": "none", "max-postcopy-bandwidth": 0., "avail-switchover-bandwidth": 0.,
			},
			map[string]bool{"auto-converge": false, "xbzrle": false, "multifd": false, "postcopy-ram": false, "zero-copy-send": false},
		},
		"bandwidth": {
			policy.Policy{BandwidthMiBPerSecond: new(int64(7))},
			map[string]any{"max-bandwidth": 7. * mebibyte},
			nil,
		},
		"auto-converge": {
			policy.Policy{AutoConverge: new(true)},
			map[string]any{"cpu-throttle-initial": 20., "cpu-throttle-increment": 10.},
			map[string]bool{"auto-converge": true, "xbzrle": false},
		},
		"auto-converge, tuned": {
			policy.Policy{AutoConverge: new(true), AutoConvergeInitial: new(int64(35)), AutoConvergeIncrement: new(int64(7))},
			map[string]any{"cpu-throttle-initial": 35., "cpu-throttle-increment": 7.},
			map[string]bool{"auto-converge": true},
		},
		"compression": {
			policy.Policy{Compression: new(true)},
			map[string]any{"xbzrle-cache-size": 64. * mebibyte},
			map[string]bool{"xbzrle": true, "auto-converge": false},
		},
		"compression, tuned": {
			policy.Policy{Compression: new(true), CompressionCacheMiB: new(int64(16))},
			map[string]any{"xbzrle-cache-size": 16. * mebibyte},
			map[string]bool{"xbzrle": true},
		},
		"parallel connections": {
			policy.Policy{ParallelConnections: new(int64(3))},
			map[string]any{"multifd-channels": 3.},
			map[string]bool{"multifd": true},
		},
		"zstd over parallel connections, encrypted": {
			policy.Policy{
				ParallelConnections: new(int64(2)), ParallelCompression: new(policy.Zstd), ParallelCompressionLevel: new(int64(19)),
				Encryption: new(true),
			},
			map[string]any{"multifd-compression": "zstd", "multifd-zstd-level": 19., "multifd-zlib-level": 1., "tls-creds": "objlibvirt_migrate_tls0"},
			map[string]bool{"multifd": true, "xbzrle": false},
		},
		"zlib over parallel connections": {
			policy.Policy{ParallelConnections: new(int64(2)), ParallelCompression: new(policy.Zlib), ParallelCompressionLevel: new(int64(0))},
			map[string]any{"multifd-compression": "zlib", "multifd-zlib-level": 0., "multifd-zstd-level": 1., "tls-creds": ""},
			map[string]bool{"multifd": true, "xbzrle": false},
		},
		"zero-copy, and what the link has for the switch-over": {
			policy.Policy{ParallelConnections: new(int64(2)), ZeroCopy: new(true), SwitchoverBandwidthMiBPerSecond: new(int64(900))},
			map[string]any{"multifd-compression": "none", "avail-switchover-bandwidth": 900. * mebibyte},
			map[string]bool{"multifd": true, "zero-copy-send": true},
		},
		"post-copy": {
			policy.Policy{PostCopy: new(true), PostCopyBandwidthMiBPerSecond: new(int64(11))},
			map[string]any{"max-postcopy-bandwidth": 11. * mebibyte},
			map[string]bool{"postcopy-ram": true},
		},
		"preset": {
			policy.Policy{Preset: new(policy.SuspendIfNeeded)},
			nil,
			map[string]bool{"auto-converge": true, "xbzrle": true},
		},
		"encryption": {
			policy.Policy{Encryption: new(true)},
			map[string]any{"tls-creds": "objlibvirt_migrate_tls0"},
			nil,
		},
		"everything that goes together": {
			policy.Policy{
				AutoConverge: new(true), AutoConvergeInitial: new(int64(40)), Compression: new(true), CompressionCacheMiB: new(int64(32)), PostCopy: new(true),
			},
			map[string]any{"cpu-throttle-initial": 40., "xbzrle-cache-size": 32. * mebibyte, "max-bandwidth": 10. * mebibyte},
			map[string]bool{"auto-converge": true, "xbzrle": true, "postcopy-ram": true, "multifd": false},
		},
	}
	elsewhere := []policy.Field{policy.FieldCopyStorage, policy.FieldSynchronousWrites} // in TestDisksAreCopied
	for _, d := range policy.Table() {
		tested := d.Engine || d.Placement || slices.Contains(elsewhere, d.Field)
		for _, test := range tests {
			tested = tested || d.Value(test.policy) != nil
		}
		if !tested {
			t.Errorf("no case reads %s back from QEMU", d.Field)
		}
	}
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	spec := lab.UntamableGuest("")
	// Zero-copy needs no more than QEMU may lock where libvirt is not allowed to raise the limit.
	spec.Parts = append(spec.Parts, secondMonitor(), lab.Edit(func(d *libvirtxml.Domain) {
		d.MemoryTune = &libvirtxml.DomainMemoryTune{HardLimit: &libvirtxml.DomainMemoryTuneLimit{Value: 8, Unit: "MiB"}}
	}))
	guest := w.StartGuest(t, spec)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			levels := policy.Levels{Run: test.policy, Global: policy.Policy{BandwidthMiBPerSecond: new(int64(10))}} // slow
			p := migration.Parameters{Policy: policy.Resolve(levels).Parameters(), MigrationURI: destination.MigrationURI()}
			ended := startMigration(t, source, guest.UUID, destination.PeerURI(), p)
			for _, l := range w.Hosts[:2] {
				parameters, capabilities := qemuOn(t, l)
				for parameter, want := range test.parameters {
					if got := parameters[parameter]; got != want && (l == w.Hosts[0] || !slices.Contains(onSource, parameter)) {
						t.Errorf("on %s parameter %s is %v, want %v", l.Name, parameter, got, want)
					}
				}
				for capability, want := range test.capabilities {
					if got := capabilities[capability]; got != want && (l == w.Hosts[0] || !slices.Contains(onSource, capability)) {
						t.Errorf("on %s capability %s is %v, want %v", l.Name, capability, got, want)
					}
				}
			}
			abortMigration(t, source, guest.UUID, ended)
		})
	}
}

// abortMigration calls a running migration off and checks that it ends so.
func abortMigration(t *testing.T, source *host.Host, uuid string, ended <-chan error) {
	t.Helper()
	if err := source.AbortJob(testContext(t), uuid); err != nil {
		t.Error(err)
	}
	awaitAborted(t, source, uuid, ended)
}

// awaitAborted checks that a migration ends that was called off.
func awaitAborted(t *testing.T, source *host.Host, uuid string, ended <-chan error) {
	t.Helper()
	// QEMU may see its channel break before it sees that it was cancelled, and
	// libvirt loses the reason behind virt-ssh-helper.
	const operationFailed, systemError = 9, 38
	var e *host.Error
	if err := <-ended; !errors.As(err, &e) || !errors.Is(err, migration.ErrAborted) && e.Code != operationFailed && e.Code != systemError {
		t.Errorf("the migration ended with %v, want %v", err, migration.ErrAborted)
	}
	until(t, "the job is gone", func() bool {
		job, err := source.Job(testContext(t), uuid)
		return err == nil && job.Type == migration.JobNone
	})
}

// No limit is said explicitly, over a speed that the domain was given before;
// no word leaves that speed.
func TestBandwidthWithoutLimit(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	w.Hosts[0].MustVirsh(t, "migrate-setspeed", guest.UUID, "10")
	if err := w.Hosts[0].Limit(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Hosts[0].Limit(testContextAfter(t), 0) })
	for name, test := range map[string]struct {
		limit *int64
		want  float64
	}{
		"no word":  {nil, 10 << 20},
		"no limit": {new(int64(0)), 9223372036853727232}, // 8796093022207 MiB/s, libvirt's maximum
	} {
		t.Run(name, func(t *testing.T) {
			p := migration.Parameters{Policy: told(policy.Policy{BandwidthMiBPerSecond: test.limit}), MigrationURI: destination.MigrationURI()}
			ended := startMigration(t, source, guest.UUID, destination.PeerURI(), p)
			if parameters, _ := qemu(t, w.Hosts[0], guest.UUID); parameters["max-bandwidth"] != test.want {
				t.Errorf("max-bandwidth is %v, want %.0f", parameters["max-bandwidth"], test.want)
			}
			abortMigration(t, source, guest.UUID, ended)
		})
	}
}

func TestMaxDowntimeReachesQEMU(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	before, err := h.MaxDowntime(testContext(t), guest.UUID)
	if err != nil || before != 300 {
		t.Errorf("got %d, %v; want QEMU's default of 300 ms", before, err)
	}
	if err := h.SetMaxDowntime(testContext(t), guest.UUID, 1234); err != nil {
		t.Fatal(err)
	}
	if after, err := h.MaxDowntime(testContext(t), guest.UUID); err != nil || after != 1234 {
		t.Errorf("got %d, %v; want 1234", after, err)
	}
	if parameters, _ := qemu(t, w.Hosts[0], guest.UUID); parameters["downtime-limit"] != 1234. {
		t.Errorf("QEMU has %v, want 1234", parameters["downtime-limit"])
	}
}

// A domain arrives as it left: persistent or transient, running or paused, its
// record with it, and gone from the source.
func TestPeerToPeer(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	tests := map[string]struct {
		spec   lab.GuestSpec
		p      migration.Parameters
		state  migration.DomainState
		record host.DomainDocument
	}{
		"persistent": {
			lab.GuestSpec{},
			migration.Parameters{Persistent: true},
			migration.StateRunning,
			host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true},
		},
		"transient": {
			lab.GuestSpec{Transient: true},
			migration.Parameters{},
			migration.StateRunning,
			host.DomainDocument{Live: new(document), Active: true},
		},
		"paused": {
			lab.GuestSpec{State: lab.Paused},
			migration.Parameters{Persistent: true, Paused: true},
			migration.StatePaused,
			host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.spec.Bare = true
			uuid := w.StartGuest(t, test.spec).UUID
			if err := wrote(testContext(t), source, uuid, document); err != nil {
				t.Fatal(err)
			}
			test.p.MigrationURI = destination.MigrationURI()
			if err := source.MigratePeerToPeer(testContext(t), uuid, destination.PeerURI(), test.p); err != nil {
				t.Fatal(err)
			}
			checkArrived(t, source, destination, uuid, test.state, test.record)
		})
	}
}

func checkArrived(t *testing.T, source, destination *host.Host, uuid string, state migration.DomainState, record host.DomainDocument) {
	t.Helper()
	if _, err := source.Domain(testContext(t), uuid); !errors.Is(err, migration.ErrNoDomain) {
		t.Errorf("on the source: %v, want %v", err, migration.ErrNoDomain)
	}
	d, err := destination.Domain(testContext(t), uuid)
	if err != nil {
		t.Fatal(err)
	}
	if d.State != state || d.Persistent != record.Persistent {
		t.Errorf("on the destination: %+v, want state %d, persistent %t", d, state, record.Persistent)
	}
	if state == migration.StatePaused {
		checkPaused(t, destination, uuid, migration.ReasonUser)
	}
	checkRecord(t, destination, uuid, record)
	job, err := destination.CompletedJob(testContext(t), uuid)
	if err != nil {
		t.Fatal(err)
	}
	if job.Type != migration.JobCompleted || job.Operation != migration.OperationMigrationIn || job.MemoryTotal == 0 || job.Elapsed == 0 {
		t.Errorf("completed job: %+v", job)
	}
	again, err := destination.CompletedJob(testContext(t), uuid)
	if err != nil || again.Type != migration.JobCompleted {
		t.Errorf("reading the completed job took it away: %+v, %v", again, err)
	}
}

// isPeerUnreachable tells whether the source's libvirt could not connect to the destination's.
func isPeerUnreachable(err error) bool {
	var e *host.Error
	return errors.As(err, &e) && e.Refusal.Kind == refusal.PeerUnreachable
}

func TestPeerToPeerFailures(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	inactive := w.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	good := migration.Parameters{Persistent: true, MigrationURI: destination.MigrationURI()}
	tests := map[string]struct {
		uuid, peer string
		p          migration.Parameters
		is         error // nil: none of the sentinels
		kind       refusal.Kind
		message    string
	}{
		"peer refuses":             {guest.UUID, "qemu+tcp://10.77.0.12:1/system", good, nil, refusal.PeerUnreachable, "10.77.0.12"},
		"peer does not resolve":    {guest.UUID, "qemu+tcp://no.such.host.invalid/system", good, nil, refusal.PeerUnreachable, "no.such.host.invalid"},
		"peer with a password":     {guest.UUID, "qemu+tcp://admin:hunter2@10.77.0.12:1/system", good, nil, refusal.PeerUnreachable, "10.77.0.12"},
		"no such domain":           {"00000000-0000-4000-8000-00000000dead", destination.PeerURI(), good, migration.ErrNoDomain, refusal.NoDomain, "domain"},
		"shut off":                 {inactive.UUID, destination.PeerURI(), good, migration.ErrNotActive, refusal.NotRunning, "not running"},
		"migration URI of nobody":  {guest.UUID, destination.PeerURI(), migration.Parameters{Persistent: true, MigrationURI: "tcp://no.such.host.invalid"}, migration.ErrMemoryUnreachable, refusal.MemoryUnreachable, "no.such.host.invalid"},
		"migration port of nobody": {guest.UUID, destination.PeerURI(), migration.Parameters{Persistent: true, MigrationURI: "tcp://10.77.0.1:9"}, migration.ErrMemoryUnreachable, refusal.MemoryUnreachable, "10.77.0.1:9"},
		"memory in parallel":       {guest.UUID, destination.PeerURI(), migration.Parameters{Persistent: true, Policy: told(policy.Policy{ParallelConnections: new(int64(2))}), MigrationURI: "tcp://10.77.0.1:9"}, migration.ErrMemoryUnreachable, refusal.MemoryUnreachable, "10.77.0.1:9"},
		"bad parameter":            {guest.UUID, destination.PeerURI(), migration.Parameters{Policy: policy.Parameters{Typed: []policy.Parameter{{Name: "auto_converge.initial", Value: int32(30)}}}, MigrationURI: destination.MigrationURI()}, nil, refusal.Unknown, "auto convergence"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := source.MigratePeerToPeer(testContext(t), test.uuid, test.peer, test.p)
			var e *host.Error
			if !errors.As(err, &e) || e.Code == 0 || !strings.Contains(e.Message, test.message) {
				t.Errorf("got %v, want libvirt's answer with %q", err, test.message)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v (code %d), want %v", err, e.Code, test.is)
			}
			if e != nil && e.Refusal.Kind != test.kind || errors.Is(err, migration.ErrUnreachable) {
				t.Errorf("got %v (code %d, %q), want a refusal of the kind %q", err, e.Code, e.Refusal.Kind, test.kind)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v shows a password", err)
			}
			if d, err := source.Domain(testContext(t), guest.UUID); err != nil || d.State != migration.StateRunning {
				t.Errorf("afterwards: %+v, %v", d, err)
			}
		})
	}
}

// A second migration of the same domain is refused as busy, whoever drives it.
func TestSecondMigrationIsRefused(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	p := migration.Parameters{Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))}), MigrationURI: destination.MigrationURI(), Persistent: true}
	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), p)
	if err := source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p); !errors.Is(err, migration.ErrBusy) {
		t.Errorf("got %v, want %v", err, migration.ErrBusy)
	}
	if _, _, err := source.Begin(testContext(t), guest.UUID, p); !errors.Is(err, migration.ErrBusy) {
		t.Errorf("Begin: got %v, want %v", err, migration.ErrBusy)
	}
	if _, err := source.Perform(testContext(t), guest.UUID, destination.MigrationURI(), nil, p); !errors.Is(err, migration.ErrBusy) {
		t.Errorf("Perform: got %v, want %v", err, migration.ErrBusy)
	}
	abortMigration(t, source, guest.UUID, ended)
	if err := source.AbortJob(testContext(t), guest.UUID); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("aborting no job: %v, want %v", err, migration.ErrNotActive)
	}
}
