package preflight

import (
	"regexp"
	"strings"
)

// NetworkDevices are the names of a host's node devices that are network interfaces:
// net_NAME_ADDRESS, where libvirt writes NAME with "_" for all but letters and digits.
type NetworkDevices []string

var notAlphanumeric = regexp.MustCompile(`[^0-9A-Za-z]`)

// Has tells whether an interface is among them. Names that differ only in punctuation are
// taken for one.
func (d NetworkDevices) Has(name string) bool {
	prefix := "net_" + notAlphanumeric.ReplaceAllString(name, "_")
	for _, device := range d {
		rest, found := strings.CutPrefix(device, prefix)
		if found && (rest == "" || hardwareAddress.MatchString(rest)) {
			return true
		}
	}
	return false
}

// hardwareAddress is what follows the interface in the name of a node device.
var hardwareAddress = regexp.MustCompile(`^(_[0-9a-f]{2})*_?$`)
