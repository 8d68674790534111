package host

import (
	"math"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// unlimitedBandwidth is the highest limit that libvirt takes, in MiB/s
// (QEMU_DOMAIN_MIG_BANDWIDTH_MAX). It says "no limit" where 0 would say "the
// limit this domain was given before".
const unlimitedBandwidth = math.MaxInt64 / (1 << 20)

// flags are libvirt's for the parameters, less the one for peer-to-peer.
func flags(p migration.Parameters) libvirt.DomainMigrateFlags {
	f := libvirt.MigrateLive
	for _, flag := range []struct {
		wanted bool
		value  libvirt.DomainMigrateFlags
	}{
		{p.AutoConverge, libvirt.MigrateAutoConverge},
		{p.Compression, libvirt.MigrateCompressed},
		{p.ParallelConnections > 0, libvirt.MigrateParallel},
		{p.PostCopy, libvirt.MigratePostcopy},
		{p.TLS, libvirt.MigrateTLS},
		{p.Persistent, libvirt.MigratePersistDest | libvirt.MigrateUndefineSource},
		{p.Paused, libvirt.MigratePaused},
	} {
		if flag.wanted {
			f |= flag.value
		}
	}
	return f
}

// typedParameters are the parameters that have a value.
func typedParameters(p migration.Parameters) typed {
	var t typed
	t.integer(libvirt.MigrateParamAutoConvergeInitial, p.AutoConvergeInitial)
	t.integer(libvirt.MigrateParamAutoConvergeIncrement, p.AutoConvergeIncrement)
	if p.Compression {
		t.text(libvirt.MigrateParamCompression, "xbzrle")
	}
	t.long(libvirt.MigrateParamCompressionXbzrleCache, p.CompressionCacheBytes)
	t.long(libvirt.MigrateParamBandwidth, bandwidth(p.BandwidthMiBPerSecond))
	if p.ParallelConnections > 0 {
		t.integer(libvirt.MigrateParamParallelConnections, &p.ParallelConnections)
	}
	t.text(libvirt.MigrateParamURI, p.MigrationURI)
	return t
}

func bandwidth(limit *int64) *int64 {
	if limit != nil && *limit == 0 {
		return new(int64(unlimitedBandwidth))
	}
	return limit
}

// typed collects typed parameters, each of the type that libvirt wants.
type typed []libvirt.TypedParam

func (t *typed) add(name string, value *libvirt.TypedParamValue) {
	*t = append(*t, libvirt.TypedParam{Field: name, Value: *value})
}

func (t *typed) integer(name string, value *int64) {
	if value != nil {
		t.add(name, libvirt.NewTypedParamValueInt(int32(*value)))
	}
}

func (t *typed) long(name string, value *int64) {
	if value != nil {
		t.add(name, libvirt.NewTypedParamValueUllong(uint64(*value)))
	}
}

func (t *typed) text(name, value string) {
	if value != "" {
		t.add(name, libvirt.NewTypedParamValueString(value))
	}
}
