package fleet

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"

// IfShutOff is what becomes of a VM that is to move and is shut off.
type IfShutOff string

// The values of IfShutOff.
const (
	// ShutOffError refuses the move.
	ShutOffError IfShutOff = "error"
	// ShutOffIgnore leaves the VM where it is.
	ShutOffIgnore IfShutOff = "ignore"
	// ShutOffMoveDefinition moves its definition.
	ShutOffMoveDefinition IfShutOff = "move_definition"
)

// ShutOffValues lists the values of IfShutOff.
func ShutOffValues() []IfShutOff {
	return []IfShutOff{ShutOffError, ShutOffIgnore, ShutOffMoveDefinition}
}

// Leaves tells whether the move leaves a VM that was found there, because it is shut off.
func (m Move) Leaves(l Location) bool {
	return m.IfShutOff == ShutOffIgnore && shutOff(l) && l.Host != m.Destination
}

// MovesDefinition tells whether the move is one of a definition.
func (m Move) MovesDefinition(l Location) bool {
	return m.IfShutOff == ShutOffMoveDefinition && shutOff(l)
}

// shutOff tells whether a VM is at home there and does not run. What was migrated away runs
// elsewhere.
func shutOff(l Location) bool {
	return l.Host != "" && l.Domain.State == migration.StateShutOff && l.Domain.Reason != migration.ReasonMigrated
}
