package migration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestParameters(t *testing.T) {
	t.Parallel()
	persistent := Domain{State: StateRunning, Persistent: true}
	tests := map[string]struct {
		policy  policy.Policy
		storage *StorageCopy
		domain  Domain
		want    Parameters
	}{
		"the built-in policy asks for nothing": {
			domain: persistent,
			want:   Parameters{Persistent: true, MigrationURI: "tcp://10.0.0.2"},
		},
		"a transient domain stays transient": {
			domain: Domain{State: StateRunning},
			want:   Parameters{MigrationURI: "tcp://10.0.0.2"},
		},
		"everything": {
			policy: policy.Policy{
				AutoConverge: new(true), AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20)),
				Compression: new(true), CompressionCacheMiB: new(int64(256)), BandwidthMiBPerSecond: new(int64(60)),
				MaxDowntimeMS: new(int64(100)), PostCopy: new(true), Encryption: new(true),
			},
			domain: persistent,
			want: Parameters{
				Policy: policy.Parameters{
					Flags: []string{"VIR_MIGRATE_AUTO_CONVERGE", "VIR_MIGRATE_COMPRESSED", "VIR_MIGRATE_POSTCOPY", "VIR_MIGRATE_TLS"},
					Typed: []policy.Parameter{
						{Name: "auto_converge.initial", Value: int32(30)},
						{Name: "auto_converge.increment", Value: int32(20)},
						{Name: "compression", Value: "xbzrle"},
						{Name: "compression.xbzrle.cache", Value: uint64(256 << 20)},
						{Name: "bandwidth", Value: uint64(60)},
					},
				},
				Persistent: true, MigrationURI: "tcp://10.0.0.2",
			},
		},
		"dormant tuning is not sent": {
			policy: policy.Policy{
				AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20)), CompressionCacheMiB: new(int64(256)),
			},
			domain: persistent,
			want:   Parameters{Persistent: true, MigrationURI: "tcp://10.0.0.2"},
		},
		"no limit is said explicitly": {
			policy: policy.Policy{BandwidthMiBPerSecond: new(int64(0)), ParallelConnections: new(int64(4))},
			domain: persistent,
			want: Parameters{
				Policy: policy.Parameters{
					Flags: []string{"VIR_MIGRATE_PARALLEL"},
					Typed: []policy.Parameter{
						{Name: "bandwidth", Value: uint64(8796093022207)}, // libvirt's maximum, INT64_MAX / 1 MiB
						{Name: "parallel.connections", Value: int32(4)},
					},
				},
				Persistent: true, MigrationURI: "tcp://10.0.0.2",
			},
		},
		"the disks that are copied": {
			policy:  policy.Policy{CopyStorage: new(policy.CopyAuto), SynchronousWrites: new(true)},
			storage: &StorageCopy{Disks: []CopiedDisk{{Target: "vda", Bytes: 64 << 20}}},
			domain:  persistent,
			want: Parameters{
				Policy: policy.Parameters{
					Flags: []string{"VIR_MIGRATE_NON_SHARED_DISK", "VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES"},
				},
				Persistent: true, MigrationURI: "tcp://10.0.0.2",
				Storage: &StorageCopy{Disks: []CopiedDisk{{Target: "vda", Bytes: 64 << 20}}},
			},
		},
		"the top layer of the disks that are copied": {
			policy:  policy.Policy{CopyStorage: new(policy.CopyIncremental)},
			storage: &StorageCopy{Disks: []CopiedDisk{{Target: "vda"}}},
			domain:  persistent,
			want: Parameters{
				Policy:     policy.Parameters{Flags: []string{"VIR_MIGRATE_NON_SHARED_INC"}},
				Persistent: true, MigrationURI: "tcp://10.0.0.2",
				Storage: &StorageCopy{Disks: []CopiedDisk{{Target: "vda"}}},
			},
		},
		"a policy that copies disks, for a VM without one to copy": {
			policy: policy.Policy{CopyStorage: new(policy.CopyFull), SynchronousWrites: new(true)},
			domain: persistent,
			want:   Parameters{Persistent: true, MigrationURI: "tcp://10.0.0.2"},
		},
		"a guest that is asleep is moved as it is, and never switched": {
			policy: policy.Policy{PostCopy: new(true)},
			domain: Domain{State: StateAsleep, Persistent: true},
			want:   Parameters{Persistent: true, MigrationURI: "tcp://10.0.0.2"},
		},
		"a paused guest is never switched": {
			policy: policy.Policy{PostCopy: new(true)},
			domain: Domain{State: StatePaused, Persistent: true},
			want:   Parameters{Paused: true, Persistent: true, MigrationURI: "tcp://10.0.0.2"},
		},
		"what is for post-copy alone is not sent without it": {
			policy: policy.Policy{PostCopy: new(true), PostCopyBandwidthMiBPerSecond: new(int64(7))},
			domain: Domain{State: StatePaused, Persistent: true},
			want:   Parameters{Paused: true, Persistent: true, MigrationURI: "tcp://10.0.0.2"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Request{MigrationURI: "tcp://10.0.0.2", Storage: test.storage, Policy: policy.Resolve(policy.Levels{VM: test.policy})}
			if diff := cmp.Diff(test.want, r.Parameters(test.domain)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestParametersOfTheDestination(t *testing.T) {
	t.Parallel()
	r := Request{ListenAddress: "10.0.0.2", TLSDestination: "kvm2.example.com", Policy: policy.Resolve(policy.Levels{})}
	running := Domain{State: StateRunning}
	if p := r.Parameters(running); p.ListenAddress != "10.0.0.2" || p.TLSDestination != "" {
		t.Errorf("not encrypted: %+v", p)
	}
	r.Policy = policy.Resolve(policy.Levels{VM: policy.Policy{Encryption: new(true)}})
	if p := r.Parameters(running); p.ListenAddress != "10.0.0.2" || p.TLSDestination != "kvm2.example.com" {
		t.Errorf("encrypted: %+v", p)
	}
	r.Definition = true
	if p := r.Parameters(Domain{State: StateShutOff}); p.ListenAddress != "" || p.TLSDestination != "" || len(r.Requirements()) > 0 {
		t.Errorf("a definition: %+v, %v", p, r.Requirements())
	}
}

// The definitions for the destination travel with every migration; that of a VM that is shut
// off is the only one it has. Neither shows when it is printed.
func TestParameters_changedDefinitions(t *testing.T) {
	t.Parallel()
	changed := Definitions{Running: "<domain passwd='geheim'/>", Persistent: "<domain passwd='geheim'/>"}
	r := Request{Changed: changed, Policy: policy.Resolve(policy.Levels{})}
	if got := r.Parameters(Domain{State: StateRunning, Persistent: true}).Changed; got != changed {
		t.Errorf("a VM that runs has %q", string(got.Running))
	}
	r.Definition = true
	if got := r.Parameters(Domain{Persistent: true}).Changed; got != (Definitions{Running: changed.Running}) {
		t.Errorf("a VM that is shut off has %q, %q", string(got.Running), string(got.Persistent))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if printed := fmt.Sprintf(verb, r.Parameters(Domain{Persistent: true})); strings.Contains(printed, "geheim") {
			t.Errorf("%s prints %s", verb, printed)
		}
	}
}
