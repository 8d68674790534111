// Package preflight is the catalogue of what is checked before a VM moves, beyond what
// the engine itself must know to begin safely (migration.Assess). It changes nothing.
//
// Each check is a small type in a file of its own, with the facts that it finds, and a row
// of the table (table.go) that says what it asks. Checks run side by side, all within
// one deadline. One that could not be made gives an Unchecked, never silence and
// never an error. To add one: write the file, add the row, and give each of its facts
// words in internal/explain.
//
// A check asks hosts by the interfaces of host.go. What is about a host and not about a VM
// is asked once and shared by the VMs of a plan (Shared). What the VM needs is read out of
// its migratable definition once (Guest), with the backing files that only its live definition
// has, and the source is asked once whether it would begin: a check says nothing of what the
// source refuses itself (scope.refused), so that one fault gives one finding.
//
// The package is pure over these interfaces: beyond migration it imports storage, which decides
// about disks, definition, policy and refusal, and the parser of libvirt's XML in parse*.go only.
package preflight
