package host

import (
	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// migrateFlags are libvirt's virDomainMigrateFlags by name.
var migrateFlags = map[string]libvirt.DomainMigrateFlags{
	"VIR_MIGRATE_LIVE":                          libvirt.MigrateLive,
	"VIR_MIGRATE_PEER2PEER":                     libvirt.MigratePeer2peer,
	"VIR_MIGRATE_TUNNELLED":                     libvirt.MigrateTunnelled,
	"VIR_MIGRATE_PERSIST_DEST":                  libvirt.MigratePersistDest,
	"VIR_MIGRATE_UNDEFINE_SOURCE":               libvirt.MigrateUndefineSource,
	"VIR_MIGRATE_PAUSED":                        libvirt.MigratePaused,
	"VIR_MIGRATE_NON_SHARED_DISK":               libvirt.MigrateNonSharedDisk,
	"VIR_MIGRATE_NON_SHARED_INC":                libvirt.MigrateNonSharedInc,
	"VIR_MIGRATE_CHANGE_PROTECTION":             libvirt.MigrateChangeProtection,
	"VIR_MIGRATE_UNSAFE":                        libvirt.MigrateUnsafe,
	"VIR_MIGRATE_OFFLINE":                       libvirt.MigrateOffline,
	"VIR_MIGRATE_COMPRESSED":                    libvirt.MigrateCompressed,
	"VIR_MIGRATE_ABORT_ON_ERROR":                libvirt.MigrateAbortOnError,
	"VIR_MIGRATE_AUTO_CONVERGE":                 libvirt.MigrateAutoConverge,
	"VIR_MIGRATE_RDMA_PIN_ALL":                  libvirt.MigrateRdmaPinAll,
	"VIR_MIGRATE_POSTCOPY":                      libvirt.MigratePostcopy,
	"VIR_MIGRATE_TLS":                           libvirt.MigrateTLS,
	"VIR_MIGRATE_PARALLEL":                      libvirt.MigrateParallel,
	"VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES": libvirt.MigrateNonSharedSynchronousWrites,
	"VIR_MIGRATE_POSTCOPY_RESUME":               libvirt.MigratePostcopyResume,
	"VIR_MIGRATE_ZEROCOPY":                      libvirt.MigrateZerocopy,
}

// flags are libvirt's flags for the parameters, except that for peer-to-peer.
func flags(p migration.Parameters) libvirt.DomainMigrateFlags {
	f := libvirt.MigrateLive
	if p.Definition {
		f = libvirt.MigrateOffline
	}
	if p.Protected {
		f |= libvirt.MigrateChangeProtection
	}
	for _, name := range p.Policy.Flags {
		f |= migrateFlags[name]
	}
	if p.Recover {
		f |= libvirt.MigratePostcopyResume
	}
	if p.Persistent {
		f |= libvirt.MigratePersistDest | libvirt.MigrateUndefineSource
	}
	if p.Paused {
		f |= libvirt.MigratePaused
	}
	return f
}

// typedParameters are the parameters that have a value.
func typedParameters(p migration.Parameters) typed {
	var t typed
	for _, parameter := range p.Policy.Typed {
		switch v := parameter.Value.(type) {
		case int32:
			t.add(parameter.Name, libvirt.NewTypedParamValueInt(v))
		case uint64:
			t.add(parameter.Name, libvirt.NewTypedParamValueUllong(v))
		case string:
			t.text(parameter.Name, v)
		}
	}
	t.text(libvirt.MigrateParamURI, p.MigrationURI)
	t.text(libvirt.MigrateParamListenAddress, p.ListenAddress)
	t.text(libvirt.MigrateParamTLSDestination, p.TLSDestination)
	t.text(libvirt.MigrateParamDestXML, string(p.Changed.Running))
	t.text(libvirt.MigrateParamPersistXML, string(p.Changed.Persistent))
	for _, target := range p.Storage.Targets() {
		t.text(libvirt.MigrateParamMigrateDisks, target)
		if p.Storage.DetectZeroes {
			t.text(libvirt.MigrateParamMigrateDisksDetectZeroes, target)
		}
	}
	return t
}

// typed collects typed parameters, each of the type that libvirt wants.
type typed []libvirt.TypedParam

func (t *typed) add(name string, value *libvirt.TypedParamValue) {
	*t = append(*t, libvirt.TypedParam{Field: name, Value: *value})
}

func (t *typed) text(name, value string) {
	if value != "" {
		t.add(name, libvirt.NewTypedParamValueString(value))
	}
}
