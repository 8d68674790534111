package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// checkAddress refuses a host with its port that libvirt would not read as it is meant. Of
// the URI it repeats nothing but an IPv6 address.
func checkAddress(hostport string) error {
	if strings.Count(hostport, ":") > 1 && !strings.HasPrefix(hostport, "[") {
		return unbracketed(hostport)
	}
	host, port, found := cutPort(hostport)
	switch number, err := strconv.ParseUint(port, 10, 16); {
	case !found:
		return nil
	case port == "":
		return fmt.Errorf("it has a colon and no port behind it; leave the colon out%s", spelling(host))
	case err != nil || number == 0:
		return errors.New("its port must be 1 to 65535")
	}
	return nil
}

// unbracketed is the error of an IPv6 address without brackets, with the right spelling
// where it is one.
func unbracketed(hostport string) error {
	right := "[fd00::2]"
	if address, err := netip.ParseAddr(hostport); err == nil {
		right = "[" + address.String() + "]"
	} else if host, port, _ := cutPort(hostport); host != "" {
		address, err := netip.ParseAddr(host)
		if _, wrong := strconv.ParseUint(port, 10, 16); err == nil && wrong == nil {
			right = "[" + address.String() + "]:" + port
		}
	}
	return errors.New("an IPv6 address is written in brackets: " + right)
}

// spelling is the right spelling of an IPv6 address in brackets; empty for other hosts.
func spelling(host string) string {
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil || !address.Is6() {
		return ""
	}
	return ": [" + address.String() + "]"
}

// cutPort splits a host and its port, which follows the last colon outside of brackets.
func cutPort(hostport string) (host, port string, found bool) {
	i := strings.LastIndex(hostport, ":")
	if i < 0 || i < strings.LastIndex(hostport, "]") {
		return hostport, "", false
	}
	return hostport[:i], hostport[i+1:], true
}

// Loopback tells whether a host's name or address means, on every machine, that machine
// itself: the loopback addresses, and those that stand for all of its own.
func Loopback(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		address = address.Unmap()
		return address.IsLoopback() || address.IsUnspecified()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	switch name {
	case "localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback":
		return true
	}
	return strings.HasSuffix(name, ".localhost")
}
