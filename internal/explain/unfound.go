package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// adviseTwice is what to do about a VM that is active on more than one host, by
// what each of them holds.
func adviseTwice(e *fleet.RunningTwiceError) string {
	var said []string
	if len(e.Running) > 1 {
		said = append(said, fmt.Sprintf("Two running copies of one VM corrupt its disks. Find out which one is "+
			"right, and stop every other one by hand: `virsh destroy %s` on its host.", e.UUID))
		if len(e.Stopped) > 0 {
			said = append(said, fmt.Sprintf("What %s holds does not run and writes nothing: never resume it while "+
				"the VM runs elsewhere.", fleet.Quote(e.Stopped)))
		}
	} else {
		said = append(said, fmt.Sprintf("Nothing is lost while none of them runs, and it cannot be told from here "+
			"which one has the newer memory: `virsh domstate --reason %s` on each host says why it stopped. "+
			"Resume one of them only after every other one was ended with `virsh destroy %s` on its host.", e.UUID, e.UUID))
	}
	return strings.Join(append(said, "Nothing was changed."), " ")
}

func adviseBroken(e *fleet.BrokenPostCopyError) string {
	return fmt.Sprintf("Destroy or resume neither: the VM would be lost. Once the two reach each other again, send "+
		"the rest of its memory: run the action %s with vm = %q, or the command that the error of the failed move names, "+
		"which is `virsh migrate --live --p2p --postcopy --postcopy-resume --persistent --undefinesource %s "+
		"DESTINATION` on the host that the VM came from, with the peer_uri of the other one for DESTINATION; "+
		"with --tls if the migration was encrypted, without --persistent and --undefinesource if the VM was "+
		"transient. That needs %s. The guide \"Moving VMs\" says more, and what to do where "+
		"hosts do not reach each other's libvirt.", recoveryAction, e.UUID, e.UUID, RecoveryNeeds())
}

// partMissing says of which post-copy only one part was found.
func partMissing(e *fleet.PartMissingError) string {
	text := fmt.Sprintf("%s has a part of the memory of VM %s, whose post-copy migration lost its link",
		e.Part.Host, e.Part.Domain.Name)
	if silence := silence(e.Seen.Silent()); silence != "" {
		return fmt.Sprintf("%s. The other part was not found, because %s.", text, silence)
	}
	return text + ", and none of the provider's hosts has the other part."
}

func advisePartMissing(e *fleet.PartMissingError) string {
	if len(e.Seen.Silent()) > 0 {
		return "Destroy or resume nothing. Run the action again once all hosts answer."
	}
	return fmt.Sprintf("If the other part is on a host that the provider's configuration does not have, add that host, "+
		"and run the action again. If it is gone, for instance because its host was restarted, the guest's memory is "+
		"lost. %s",
		restart(e.Part.Domain.UUID, e.Part.Host, e.Part.Domain.Persistent))
}

// Unusual warns in a plan of what is unusual about where a VM is.
func Unusual(l fleet.Location) []Text {
	all := unusual(l)
	for i := range all {
		all[i].Detail = asOfPlan + all[i].Detail
	}
	if len(l.Unseen) > 0 {
		all = append(all, Unseen(l.Unseen))
	}
	return all
}

// unusual is what was unusual about where a VM was when it was last looked for.
func unusual(l fleet.Location) []Text {
	var all []Text
	if len(l.Leftovers) > 0 {
		all = append(all, Text{"VM Defined Elsewhere", fmt.Sprintf(
			"VM %s was on %s, and a shut-off definition of it was left on %s. If both are started, the VM runs "+
				"twice. A move there makes it the VM's own definition, which has to stay. Else remove it there, while "+
				"another host has the VM: `virsh undefine --keep-nvram --keep-tpm %s`.",
			l.Domain.Name, l.Host, fleet.Quote(l.Leftovers), l.Domain.UUID)})
	}
	if len(l.Paused) > 0 {
		all = append(all, Text{"VM Paused Elsewhere", fmt.Sprintf(
			"VM %s was running on %s, and a paused copy of it was on %s. At the end of a migration this is normal; "+
				"if it stays, remove the paused copy with `virsh destroy %s` there, and never resume it.",
			l.Domain.Name, l.Host, fleet.Quote(l.Paused), l.Domain.UUID)})
	}
	return all
}

// OtherVM is what an operator reads where "vm" means another VM than the one with
// the UUID that is managed. act is what was to be done.
func OtherVM(act, vm, uuid string, found fleet.Location) Text {
	return Text{"Unable to " + act, fmt.Sprintf(
		"VM %q is the one with UUID %s on %s, and not the one with UUID %s that is managed here. The plan could "+
			"not see that. Nothing was changed. Plan and apply again.",
		vm, found.Domain.UUID, found.Host, uuid)}
}

// Renamed warns of a VM that has another name than the configuration says.
func Renamed(vm, uuid, name string) Text {
	return planned("VM Renamed", fmt.Sprintf(
		"VM %q (%s) was called %q. It is still the one that is managed here. Write its new name, or its UUID, "+
			"in the configuration.", vm, uuid, name))
}

// NotYet warns in a plan of a VM that no host has: the same apply may create it.
func NotYet(e *fleet.NotFoundError) Text {
	return planned("VM Not Found", fmt.Sprintf("no host had a VM %q (asked: %s). If the same apply creates "+
		"it first, all is well; else the apply fails. %s", e.VM, fleet.Quote(e.Hosts), Advice(e)))
}

// Gone is a VM that none of the provider's hosts has.
type Gone struct {
	// VM is what the configuration calls it, UUID its own; they are the same where that
	// names it by its UUID.
	VM, UUID string
	// Asked are the hosts that were asked.
	Asked []string
	// Former are hosts that it may be on, which the provider's configuration no longer has.
	Former []fleet.Member
	// Successor is where another VM of its name is, or nil; Unclear is why that could
	// not be told, where several have the name.
	Successor *fleet.Location
	Unclear   error
}

// Warning says that none of the hosts has the VM, and which one has its name now.
func (g Gone) Warning() Text {
	summary, hosts := "VM Gone", fleet.Quote(g.Asked)
	lost := "Resources that manage it leave state."
	dropped, then := "", "Applying the plan creates this resource again, for that VM."
	if len(g.Former) > 0 {
		summary = "VM May Be on Former Host"
		dropped = fmt.Sprintf("It may be on %s, which the provider's configuration no longer has.", Members(g.Former))
		then = "To manage that VM, remove this resource from state (terraform state rm), and apply."
		lost = dropped + " State keeps what it says of the VM; if it is gone for good, remove this resource from " +
			"the configuration."
	}
	switch {
	case g.VM == g.UUID:
		return planned(summary, fmt.Sprintf("VM %s was on none of the hosts %s.", g.UUID, hosts), lost)
	case g.Successor != nil:
		return planned(summary, fmt.Sprintf("VM %q was on %s with UUID %s, and the one that was managed here had "+
			"UUID %s, which was on none of the hosts %s.", g.VM, g.Successor.Host, g.Successor.Domain.UUID, g.UUID, hosts),
			dropped, fmt.Sprintf("Where the configuration still says %q, it means the new one.", g.VM), then)
	case g.Unclear != nil:
		return planned(summary, fmt.Sprintf("VM %q, which had UUID %s, was on none of the hosts %s, and %s.",
			g.VM, g.UUID, hosts, g.Unclear), lost)
	}
	return planned(summary, fmt.Sprintf("VM %q (%s) was on none of the hosts %s.", g.VM, g.UUID, hosts), lost)
}

func adviseNoPostCopy(e *fleet.NoPostCopyError) string {
	return fmt.Sprintf("If it ended there after its post-copy had lost its link, its memory is lost: `virsh start "+
		"%s` on %s starts it from its disks.", e.Location.Domain.UUID, e.Location.Host)
}
