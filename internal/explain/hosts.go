package explain

import (
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

const (
	sameHostAdvice = "Leave one of the two out of the provider's hosts."
	sameUUIDAdvice = "libvirt takes that UUID from the machine's firmware (SMBIOS), which gives both the same one. On " +
		"one of the two set host_uuid in /etc/libvirt/libvirtd.conf (or, where libvirt is several daemons, in the file " +
		"of each) to what `uuidgen` prints, and restart libvirt there: `systemctl restart libvirtd`."
)

// HostsDown is what an operator reads of a plan that failed because hosts are down.
func HostsDown(act string, err error) Text {
	return Text{"Unable to " + act, withWhereabouts(Detail(err)+
		" Everything else that needs the host is affected too. To plan without it, set unreachable_hosts = "+
		"\"warn\" in the provider's configuration, or VIRT_UNREACHABLE_HOSTS=warn in the environment for one run.", err)}
}

// Unseen warns of hosts that a plan goes on without.
func Unseen(errs []error) Text {
	return Text{"Host Unreachable", sentences(Sentence(oneLine(errors.Join(errs...))),
		"The plan goes on without what cannot be seen and keeps what state says of it (unreachable_hosts is \"warn\").")}
}

func unknownHost(e *fleet.UnknownHostError) string {
	return fmt.Sprintf("The provider's configuration has no host %q; it has %s.", e.Name, fleet.Quote(e.Known))
}
