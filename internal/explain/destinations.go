package explain

import (
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// HostsAndCluster is what an operator reads of a data source that is given both.
func HostsAndCluster() Text {
	return Text{"Invalid Hosts", "hosts and cluster both say which hosts to look at. Keep one of them."}
}

// Rejected is what speaks against a host, as sentences, with what would be right where a check has found it.
func Rejected(r placement.Reason) string {
	said := binding(r)
	if _, checked := r.(placement.Refused); checked {
		return fullStop(said)
	}
	return fullStop(strings.ToUpper(said[:1]) + said[1:])
}
