package explain

import (
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

const (
	sameHostAdvice = "Leave one of the two out of the provider's hosts. If they are two machines, with one host name and one " +
		"host UUID, as clones of one image may be, give each its own: `hostnamectl set-hostname NAME`, and host_uuid in " +
		"/etc/libvirt/libvirtd.conf to what `uuidgen` prints, on one of the two; then restart libvirt there."
	sameUUIDAdvice = "libvirt takes that UUID from the machine's firmware (SMBIOS), which gives both the same one. On " +
		"one of the two set host_uuid in /etc/libvirt/libvirtd.conf (or, where libvirt is several daemons, in the file " +
		"of each) to what `uuidgen` prints, and restart libvirt there: `systemctl restart libvirtd`."
)

// HostsDown is what an operator reads of a plan that failed because hosts are down. tolerated is true where it goes on
// without hosts that it can do without.
func HostsDown(act string, err error, tolerated bool) Text {
	without := "To plan without it, set unreachable_hosts = \"warn\" in the provider's configuration, or " +
		"VIRT_UNREACHABLE_HOSTS=warn in the environment for one run."
	if tolerated {
		without = "This cannot be planned without it, also with unreachable_hosts = \"warn\": plan again once it answers."
	}
	return Text{"Unable to " + act, withWhereabouts(sentences(Detail(err),
		"Everything else that needs the host is affected too.", without), err)}
}

// Unseen warns of hosts that a plan goes on without.
func Unseen(errs []error) Text {
	return planned("Host Unreachable", "not every host could be reached: "+fullStop(oneLine(errors.Join(errs...))),
		"The plan continues with what state says of such a host (unreachable_hosts = \"warn\"). A change that has to be "+
			"written there, or that needs its answer, fails while the host cannot be reached.")
}

// UnseenByRead warns of hosts that may have what a data source could not read for that.
func UnseenByRead(errs []error) Text {
	return planned("Host Unreachable", "not every host could be reached: "+fullStop(oneLine(errors.Join(errs...))),
		"What this data source reads may be on such a host, and is null here (unreachable_hosts = \"warn\").")
}

// UnseenByList warns of hosts whose VMs a list does not have.
func UnseenByList(errs []error) Text {
	return planned("Host Unreachable", "not every host could be reached: "+fullStop(oneLine(errors.Join(errs...))),
		"The VMs of such a host are missing in the list (unreachable_hosts = \"warn\"), and unseen_hosts names the host. "+
			"A resource that has for_each over the list loses their instances.")
}

func unknownHost(e *fleet.UnknownHostError) string {
	return fmt.Sprintf("The provider's configuration has no host %q; it has %s.", e.Name, fleet.Quote(e.Known))
}
