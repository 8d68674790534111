package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// Reason is what speaks for a host or against it, without a verb: it is told of a plan and of
// an apply.
func Reason(r placement.Reason) string {
	switch r := r.(type) {
	case placement.UnknownHost:
		return "not in the provider's configuration"
	case placement.Silent:
		return "no answer"
	case placement.Emptied:
		return "in maintenance, or being emptied, by the same run"
	case placement.Cordoned:
		return "cordoned"
	case placement.Here:
		return "the host that the VM is on"
	case placement.Refused:
		return refusedThere(r, Summary)
	case placement.FewCPUs:
		return fmt.Sprintf("too few CPUs (%d, the VM needs %d)", r.Have, r.Need)
	case placement.GroupTaken:
		return fmt.Sprintf("place of VM %s, of the same anti-affinity group %q", r.VM, r.Group)
	case placement.HugePagesShort:
		return fmt.Sprintf("too few huge pages of %d KiB (%d free of %d, the VM needs %d)",
			r.SizeKiB, r.Free, r.Total, r.Need)
	case placement.MemoryShort:
		return fmt.Sprintf("too little memory (%s of %s not promised to a VM, the VM needs %s)",
			bytes(r.Room), bytes(r.Total), bytes(r.Need))
	case placement.OnItsWay:
		return "a move of the VM to " + r.To + " under way"
	case placement.NoHost:
		return "no other host that it may go to"
	case placement.MovedOn:
		return "by now the VM is on " + r.On
	case placement.Off:
		return "by now the VM is shut off"
	case placement.MemoryLeft:
		return fmt.Sprintf("%s of %s memory left", bytes(r.Left), bytes(r.Total))
	case placement.CPUsPromised:
		return fmt.Sprintf("%d virtual CPUs on %d CPUs", r.Promised, r.CPUs)
	case placement.BusyCPUs:
		return fmt.Sprintf("%.1f of %d CPUs busy", r.Busy, r.CPUs)
	case placement.LinkShare:
		return linkShare(r)
	}
	return r.About()
}

// refusedThere is what was found on a host.
func refusedThere(r placement.Refused, words func(migration.Finding) string) string {
	if f, ok := r.Finding.(migration.Finding); ok {
		return words(f)
	}
	return r.Finding.String()
}

// refusedBy is Reason, with what a host itself said.
func refusedBy(r placement.Reason) string {
	refused, ok := r.(placement.Refused)
	if f, found := refused.Finding.(migration.Finding); ok && found && f.Err != nil {
		return fmt.Sprintf("%s: %s", Summary(f), oneLine(f.Err))
	}
	return Reason(r)
}

// binding is what speaks against a host, with what would be right.
func binding(r placement.Reason) string {
	if r, ok := r.(placement.Refused); ok {
		return refusedThere(r, Finding)
	}
	return Reason(r)
}

func linkShare(r placement.LinkShare) string {
	moves := "no other move"
	switch {
	case r.Moves == 1:
		moves = "1 other move"
	case r.Moves > 1:
		moves = fmt.Sprintf("%d other moves", r.Moves)
	}
	if r.Share > 0 {
		return fmt.Sprintf("%s of the link beside %s", rate(r.Share), moves)
	}
	return moves
}
