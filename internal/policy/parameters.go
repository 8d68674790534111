package policy

import "slices"

// Parameters is what one migration tells libvirt, by libvirt's own names. The
// table makes them of a policy, and a host encodes them without knowing fields.
type Parameters struct {
	// Flags are names of virDomainMigrateFlags, for example
	// "VIR_MIGRATE_AUTO_CONVERGE".
	Flags []string
	// Typed are typed parameters, in the order of the table.
	Typed []Parameter
}

// Parameter is one typed parameter of a migration.
type Parameter struct {
	// Name is libvirt's, for example "auto_converge.initial".
	Name string
	// Value has the type that libvirt wants: int32 for VIR_TYPED_PARAM_INT,
	// uint64 for VIR_TYPED_PARAM_ULLONG, string for VIR_TYPED_PARAM_STRING.
	Value any
}

// Names of the flags that code refers to.
const (
	// FlagPostCopy lets a migration be switched to post-copy.
	FlagPostCopy = "VIR_MIGRATE_POSTCOPY"
	// FlagCompressed compresses the memory stream.
	FlagCompressed = "VIR_MIGRATE_COMPRESSED"
	// FlagZeroCopy has the kernel send memory from where it is.
	FlagZeroCopy = "VIR_MIGRATE_ZEROCOPY"
	// FlagNonSharedDisk copies disks, FlagNonSharedInc only what is in their top layer.
	FlagNonSharedDisk = "VIR_MIGRATE_NON_SHARED_DISK"
	FlagNonSharedInc  = "VIR_MIGRATE_NON_SHARED_INC"
)

// Has tells whether a flag is set.
func (p Parameters) Has(flag string) bool { return slices.Contains(p.Flags, flag) }

// Empty tells whether libvirt is told nothing.
func (p Parameters) Empty() bool { return len(p.Flags) == 0 && len(p.Typed) == 0 }

// flag is a switch that is a flag of libvirt's, with parameters that go with it.
func flag(name string, with ...Parameter) func(bool) Parameters {
	return func(on bool) Parameters {
		if !on {
			return Parameters{}
		}
		return Parameters{Flags: []string{name}, Typed: with}
	}
}

// intParameter is a number that is a VIR_TYPED_PARAM_INT.
func intParameter(name string) func(int64) Parameters {
	return func(v int64) Parameters { return Parameters{Typed: []Parameter{{name, int32(v)}}} }
}

// ullongParameter is a number that is a VIR_TYPED_PARAM_ULLONG: the field's value times
// unit, the size of the field's unit in that of libvirt.
func ullongParameter(name string, unit uint64) func(int64) Parameters {
	return func(v int64) Parameters { return Parameters{Typed: []Parameter{{name, uint64(v) * unit}}} }
}
