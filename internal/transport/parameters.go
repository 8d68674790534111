package transport

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/typo"
)

// parameters are the query parameters of a URI, read as libvirt does: a plus sign
// stands for itself, and the first value of a name counts.
type parameters map[string]string

func parseParameters(query string) (parameters, error) {
	p := parameters{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			return nil, fmt.Errorf("its parameter %s is not percent-encoded correctly", name)
		}
		if _, found := p[name]; !found && name != "" {
			p[name] = value
		}
	}
	return p, nil
}

// knownParameters are those of libvirt's remote driver (remote_driver.c), whichever
// transport uses them.
var knownParameters = []string{
	"authfile", "command", "keyfile", "known_hosts", "known_hosts_verify", "mode", "name", "netcat", "no_sanity",
	"no_tty", "no_verify", "pkipath", "proxy", "socket", "sshauth", "tls_priority",
}

// check refuses a parameter that libvirt does not know: one that is spelled wrong would
// have no effect.
func (p parameters) check() error {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if slices.Contains(knownParameters, name) {
			continue
		}
		said := "its parameter " + strconv.QuoteToASCII(name) + " is unknown"
		if like, ok := typo.Nearest(name, knownParameters); ok {
			return fmt.Errorf("%s; did you mean %s?", said, like)
		}
		return fmt.Errorf("%s; libvirt knows %s", said, strings.Join(knownParameters, ", "))
	}
	return nil
}

// oneOf is a parameter with a fixed set of values; the first is the default.
func (p parameters) oneOf(name string, values ...string) (string, error) {
	value := p[name]
	if value == "" {
		return values[0], nil
	}
	for _, v := range values {
		if v == value {
			return value, nil
		}
	}
	return "", fmt.Errorf("its parameter %s must be one of %s", name, strings.Join(values, ", "))
}

// flag is a parameter that is on if it is a number other than 0.
func (p parameters) flag(name string) (on bool, err error) {
	value, found := p[name]
	if !found {
		return false, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return false, fmt.Errorf("its parameter %s must be 0 or 1", name)
	}
	return n != 0, nil
}
