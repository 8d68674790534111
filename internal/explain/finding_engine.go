package explain

import (
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// engineTales are the words for what the engine's own checks find.
func engineTales() []tale {
	return []tale{
		tell(func(f migration.Finding, _ migration.NoAnswer) Advised {
			return Advised{Detail: fmt.Sprintf("libvirt on %s does not answer: %s.", f.Host, f.Err)}
		}),
		tell(func(f migration.Finding, fact migration.SameHost) Advised {
			return Advised{
				fmt.Sprintf("%s and %s are the same host (%s, host UUID %s).",
					f.Source, f.Destination, fact.Identity.Hostname, fact.Identity.HostUUID), sameHostAdvice,
			}
		}),
		tell(func(f migration.Finding, fact migration.SameUUID) Advised {
			return Advised{
				fmt.Sprintf("%s and %s are two machines (%s and %s) with one host UUID (%s), and libvirt refuses to "+
					"migrate between them.", f.Source, f.Destination, fact.Source.Hostname, fact.Destination.Hostname,
					fact.Source.HostUUID), sameUUIDAdvice,
			}
		}),
		tell(notHere),
		tell(func(f migration.Finding, fact migration.NotShutOff) Advised {
			return Advised{Detail: fmt.Sprintf("VM %s is %s on %s now. Its definition alone is moved only while it is shut "+
				"off; plan again to move the VM live.", f.Name, fact.Seen.Domain.State, f.Host)}
		}),
		tell(func(f migration.Finding, fact migration.BrokenPostCopy) Advised {
			return Advised{
				fmt.Sprintf("A post-copy migration of VM %s lost its link.", f.Name), remedy(fact.Outcome),
			}
		}),
		tell(func(f migration.Finding, fact migration.Stranded) Advised {
			return Advised{Detail: stranded(f.Name, f.UUID, f.Host, otherCopy(fact.Other))}
		}),
		tell(func(f migration.Finding, fact migration.TwoHomes) Advised {
			here, there := fact.Outcome.Source, fact.Outcome.Destination
			return Advised{
				fmt.Sprintf("VM %s is %s on %s and %s on %s.",
					f.Name, here.Domain.State, here.Host, there.Domain.State, there.Host),
				fmt.Sprintf("Compare `virsh domstate --reason %s` on both hosts, decide which copy to keep, and end "+
					"the other one with `virsh destroy %s` on its host.", f.UUID, f.UUID),
			}
		}),
		tell(func(f migration.Finding, _ migration.JobUnknown) Advised {
			return Advised{Detail: fmt.Sprintf("%s does not say whether another job runs on VM %s: %s.",
				f.Host, f.Name, f.Err)}
		}),
		tell(func(f migration.Finding, _ migration.IncomingLeft) Advised {
			return Advised{Detail: fmt.Sprintf("%s still holds the incoming domain of a migration of VM %s that has "+
				"ended. libvirt removes it once it has noticed the end.", f.Host, f.Name)}
		}),
		tell(func(f migration.Finding, _ migration.OtherJob) Advised {
			return Advised{
				fmt.Sprintf("Another job runs on VM %s.", f.Name), remediesOf(f).job(),
			}
		}),
		tell(func(f migration.Finding, _ migration.RivalMigration) Advised {
			return Advised{
				fmt.Sprintf("A migration of VM %s is under way already, and more than one host holds an incoming "+
					"domain: whether it goes to %s is not known.", f.Name, f.Destination), abortIt(f),
			}
		}),
		tell(func(f migration.Finding, _ migration.OtherMigration) Advised {
			return Advised{
				fmt.Sprintf("A migration of VM %s is under way already, and %s does not hold its incoming domain: "+
					"it goes elsewhere, or is just about to start.", f.Name, f.Destination), abortIt(f),
			}
		}),
	}
}

func abortIt(f migration.Finding) string {
	return fmt.Sprintf("This move started nothing; `virsh domjobabort %s` on %s cancels that migration.",
		f.UUID, f.Source)
}

// notHere says why a VM cannot be moved live as it is.
func notHere(f migration.Finding, fact migration.NotRunning) Advised {
	s := fact.Seen
	switch {
	case errors.Is(s.Err, migration.ErrNoDomain):
		return Advised{Detail: fmt.Sprintf("VM %s does not exist there any more.", f.Name)}
	case s.Migrated():
		return Advised{
			fmt.Sprintf("VM %s was migrated away from %s, and none of the hosts that were asked runs it: only a "+
				"definition is left there (shut off, migrated).", f.Name, s.Host),
			"Look for it on other hosts, and do not start that definition until you are certain that the VM runs " +
				"nowhere.",
		}
	case s.Is(migration.StateShutOff):
		return Advised{
			fmt.Sprintf("VM %s is not running on %s (%s), and only a running VM can be moved live.",
				f.Name, s.Host, s.Domain.State), fmt.Sprintf("Start it: `virsh start %s` on %s. The resource "+
				"virt_vm_live_migration leaves it there, or moves its definition, where if_shut_off says so.", f.UUID, s.Host),
		}
	case s.Is(migration.StateCrashed):
		return Advised{
			fmt.Sprintf("VM %s is not running on %s (%s), and only a running VM can be moved live.",
				f.Name, s.Host, s.Domain.State), panicked(f.UUID, s.Host, s.Domain.Persistent),
		}
	default:
		return Advised{Detail: fmt.Sprintf("VM %s is not at home on %s (%s).", f.Name, s.Host, s.Domain.State)}
	}
}
