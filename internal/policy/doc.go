// Package policy says what a live-migration policy is: its fields, what values
// they take, how three levels and a per-run override resolve to one effective
// policy with an origin for every value, and how a level is kept as a record.
//
// A field that a level leaves out inherits from the level above it, each field
// on its own. The package is pure: it talks to nothing, and imports the standard
// library and typo only.
package policy
