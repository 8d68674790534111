package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// recoveryTales are the words for what keeps a post-copy from being recovered.
func recoveryTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact migration.PartGone) Advised {
			return Advised{
				fmt.Sprintf("The post-copy migration of VM %s lost its link, and cannot be recovered.", f.Name),
				remedy(fact.Outcome),
			}
		}),
		tell(func(f migration.Finding, fact migration.PartActive) Advised {
			return Advised{
				fmt.Sprintf("QEMU on %s has not noticed that the link is lost (VM %s is %s there), and libvirt recovers "+
					"only what both ends have given up.", f.Host, f.Name, fact.Seen.Domain.State),
				makeNotice(f),
			}
		}),
		tell(func(f migration.Finding, fact migration.PartChanged) Advised {
			return Advised{
				fmt.Sprintf("VM %s is %s on %s, which is not how a broken post-copy leaves it: somebody has resumed or "+
					"started it, or ended its migration.", f.Name, fact.Seen.Domain.State, f.Host),
				fmt.Sprintf("Compare `virsh domstate --reason %s` on %s and %s, decide which of the two to keep, and end "+
					"the other one with `virsh destroy %s` on its host.", f.UUID, f.Source, f.Destination, f.UUID),
			}
		}),
		tell(func(f migration.Finding, _ migration.PostCopyRuns) Advised {
			return Advised{
				fmt.Sprintf("The post-copy migration of VM %s is under way: there is nothing to recover.", f.Name),
				fmt.Sprintf("Asking for its move to %s again watches it to its end.", f.Destination),
			}
		}),
		tell(unfit),
	}
}

// makeNotice says how QEMU on the host at fault is told that the link is lost. One that waits for
// memory has nothing to send, so that its kernel gives nothing up, and may take no orders meanwhile.
func makeNotice(f migration.Finding) string {
	port, other := "sport", f.Source
	if f.Host == f.Source {
		port, other = "dport", f.Destination
	}
	return fmt.Sprintf("`virsh domjobabort --postcopy %s` on %s makes it notice, and ends nothing. Where that times "+
		"out, because QEMU waits for memory, `ss --kill --tcp '%s >= :49152 and %s <= :49215 and dst ADDRESS'` there, "+
		"with the address of %s, breaks its connection. Then run the action again.", f.UUID, f.Host, port, port, other)
}

// unfit says which releases of libvirt cannot recover a post-copy.
func unfit(f migration.Finding, fact migration.ReleaseUnfit) Advised {
	u := fact.Unfit
	text := fmt.Sprintf("libvirt %s on %s cannot recover a post-copy: that needs %s or newer.",
		Version(fact.Have), f.Host, Version(u.Fixed))
	if u.Fault == migration.CrashesOnRecovery {
		text = fmt.Sprintf("libvirt %s on %s crashes over the recovery of a post-copy, as all releases from %s to "+
			"before %s do.", Version(fact.Have), f.Host, Version(u.From), Version(u.Fixed))
	}
	return Advised{text, fmt.Sprintf("Destroy or resume neither part. Install libvirt %s or newer on %s, which leaves "+
		"the guests there as they are, and run the action again.", Version(u.Fixed), f.Host)}
}
