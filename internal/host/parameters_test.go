//go:build lab

package host

import (
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// sample sets a field to a value that differs from every default.
func sample(t *testing.T, d policy.Definition, p *policy.Policy) {
	t.Helper()
	words := strings.Split(d.Values, "`")
	for _, value := range []any{true, int64(2), "2s", policy.Numbers{2}, words[max(0, len(words)-2)]} { // the last of the words
		candidate := *p
		if d.Set(&candidate, value) == nil && len(candidate.Validate()) == 0 {
			*p = candidate
			return
		}
	}
	t.Fatalf("no value of the test fits %s: add one", d.Field)
}

func told(p policy.Policy) migration.Parameters {
	return migration.Parameters{Policy: policy.Resolve(policy.Levels{Run: p}).Parameters()}
}

// Every field is told to libvirt, or is heeded by the engine or the choice of hosts: nothing may end
// between the policy and the wire.
func TestEveryFieldReachesLibvirt(t *testing.T) {
	t.Parallel()
	definitions := map[policy.Field]policy.Definition{}
	for _, d := range policy.Table() {
		definitions[d.Field] = d
	}
	for _, d := range policy.Table() {
		t.Run(string(d.Field), func(t *testing.T) {
			t.Parallel()
			var without policy.Policy
			for tuned := d.Tunes; tuned != ""; tuned = definitions[tuned].Tunes {
				sample(t, definitions[tuned], &without)
			}
			with := without
			sample(t, d, &with)
			before, after := told(without), told(with)
			if reaches := flags(before) != flags(after) || len(typedParameters(before)) != len(typedParameters(after)); reaches == (d.Engine || d.Placement) {
				t.Errorf("reaches libvirt: %t, and is heeded elsewhere: %t", reaches, d.Engine || d.Placement)
			}
			for _, flag := range after.Policy.Flags {
				if _, known := migrateFlags[flag]; !known {
					t.Errorf("libvirt has no flag %s", flag)
				}
			}
			if got, want := len(typedParameters(after)), len(after.Policy.Typed); got != want {
				t.Errorf("%d of %d typed parameters are encoded: %v", got, want, after.Policy.Typed)
			}
			for _, p := range after.Policy.Typed {
				if !slices.Contains(migrateParameters, p.Name) {
					t.Errorf("libvirt has no parameter %s", p.Name)
				}
			}
		})
	}
}

// migrateParameters are libvirt's names of what a policy may set
// (VIR_MIGRATE_PARAM_*).
var migrateParameters = []string{
	libvirt.MigrateParamBandwidth, libvirt.MigrateParamBandwidthPostcopy, libvirt.MigrateParamBandwidthAvailSwitchover,
	libvirt.MigrateParamMigrateDisks, libvirt.MigrateParamMigrateDisksDetectZeroes,
	libvirt.MigrateParamCompression, libvirt.MigrateParamCompressionMtLevel, libvirt.MigrateParamCompressionMtThreads,
	libvirt.MigrateParamCompressionMtDthreads, libvirt.MigrateParamCompressionXbzrleCache,
	libvirt.MigrateParamCompressionZlibLevel, libvirt.MigrateParamCompressionZstdLevel,
	libvirt.MigrateParamAutoConvergeInitial, libvirt.MigrateParamAutoConvergeIncrement, libvirt.MigrateParamParallelConnections,
}

func TestParametersAreEncodedAsLibvirtWantsThem(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		p     migration.Parameters
		flags libvirt.DomainMigrateFlags
		typed typed
	}{
		"the built-in policy": {p: told(policy.Policy{})},
		"everything that goes together": {
			p: told(policy.Policy{
				AutoConverge: new(true), AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20)),
				Compression: new(true), CompressionCacheMiB: new(int64(256)), BandwidthMiBPerSecond: new(int64(60)),
				MaxDowntimeMS: new(int64(100)), PostCopy: new(true), Encryption: new(true),
			}),
			flags: libvirt.MigrateAutoConverge | libvirt.MigrateCompressed | libvirt.MigratePostcopy | libvirt.MigrateTLS,
			typed: typed{
				{Field: "auto_converge.initial", Value: *libvirt.NewTypedParamValueInt(30)},
				{Field: "auto_converge.increment", Value: *libvirt.NewTypedParamValueInt(20)},
				{Field: "compression", Value: *libvirt.NewTypedParamValueString("xbzrle")},
				{Field: "compression.xbzrle.cache", Value: *libvirt.NewTypedParamValueUllong(256 << 20)},
				{Field: "bandwidth", Value: *libvirt.NewTypedParamValueUllong(60)},
			},
		},
		"parallel connections without a limit": {
			p:     told(policy.Policy{ParallelConnections: new(int64(4)), BandwidthMiBPerSecond: new(int64(0))}),
			flags: libvirt.MigrateParallel,
			typed: typed{
				{Field: "bandwidth", Value: *libvirt.NewTypedParamValueUllong(8796093022207)}, // libvirt's maximum
				{Field: "parallel.connections", Value: *libvirt.NewTypedParamValueInt(4)},
			},
		},
		"a persistent domain": {
			p:     migration.Parameters{Persistent: true},
			flags: libvirt.MigratePersistDest | libvirt.MigrateUndefineSource,
		},
		"disks that are copied": {
			p: migration.Parameters{
				Policy: told(policy.Policy{CopyStorage: new(policy.CopyFull), SynchronousWrites: new(true)}).Policy,
				Storage: &migration.StorageCopy{
					Disks: []migration.CopiedDisk{{Target: "vda"}, {Target: "sdb"}}, DetectZeroes: true,
				},
			},
			flags: libvirt.MigrateNonSharedDisk | libvirt.MigrateNonSharedSynchronousWrites,
			typed: typed{
				{Field: "migrate_disks", Value: *libvirt.NewTypedParamValueString("vda")},
				{Field: "migrate_disks_detect_zeroes", Value: *libvirt.NewTypedParamValueString("vda")},
				{Field: "migrate_disks", Value: *libvirt.NewTypedParamValueString("sdb")},
				{Field: "migrate_disks_detect_zeroes", Value: *libvirt.NewTypedParamValueString("sdb")},
			},
		},
		"a paused domain, its memory sent to an address": {
			p:     migration.Parameters{Paused: true, MigrationURI: "tcp://10.0.0.2"},
			flags: libvirt.MigratePaused,
			typed: typed{{Field: "migrate_uri", Value: *libvirt.NewTypedParamValueString("tcp://10.0.0.2")}},
		},
		"what belongs to the destination": {
			p: migration.Parameters{ListenAddress: "10.0.0.2", TLSDestination: "kvm2.example.com"},
			typed: typed{
				{Field: "listen_address", Value: *libvirt.NewTypedParamValueString("10.0.0.2")},
				{Field: "tls.destination", Value: *libvirt.NewTypedParamValueString("kvm2.example.com")},
			},
		},
		"all over parallel connections": {
			p: told(policy.Policy{
				ParallelConnections: new(int64(4)), ParallelCompression: new(policy.Zlib), ParallelCompressionLevel: new(int64(7)),
				PostCopy: new(true), PostCopyBandwidthMiBPerSecond: new(int64(0)), SwitchoverBandwidthMiBPerSecond: new(int64(900)),
			}),
			flags: libvirt.MigrateParallel | libvirt.MigratePostcopy | libvirt.MigrateCompressed,
			typed: typed{
				{Field: "parallel.connections", Value: *libvirt.NewTypedParamValueInt(4)},
				{Field: "compression", Value: *libvirt.NewTypedParamValueString("zlib")},
				{Field: "compression.zlib.level", Value: *libvirt.NewTypedParamValueInt(7)},
				{Field: "bandwidth.postcopy", Value: *libvirt.NewTypedParamValueUllong(0)},
				{Field: "bandwidth.avail.switchover", Value: *libvirt.NewTypedParamValueUllong(900)},
			},
		},
		"the recovery of a post-copy": {
			p: migration.Parameters{Policy: policy.Parameters{Flags: []string{policy.FlagPostCopy}}, Recover: true, Protected: true, Persistent: true},
			flags: libvirt.MigratePostcopy | libvirt.MigratePostcopyResume | libvirt.MigrateChangeProtection |
				libvirt.MigratePersistDest | libvirt.MigrateUndefineSource,
		},
		"zero-copy": {
			p:     told(policy.Policy{ParallelConnections: new(int64(2)), ZeroCopy: new(true)}),
			flags: libvirt.MigrateParallel | libvirt.MigrateZerocopy,
			typed: typed{{Field: "parallel.connections", Value: *libvirt.NewTypedParamValueInt(2)}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, want := flags(test.p), test.flags|libvirt.MigrateLive; got != want {
				t.Errorf("flags are %#x, want %#x", got, want)
			}
			if diff := cmp.Diff(test.typed, typedParameters(test.p)); diff != "" {
				t.Errorf("typed parameters (-want +got):\n%s", diff)
			}
		})
	}
}
