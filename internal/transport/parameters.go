package transport

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// parameters are the extra parameters of a URI. They are read as libvirt reads
// them, where a plus sign is a plus sign, and the first of a name counts.
type parameters map[string]string

func parseParameters(query string) (parameters, error) {
	p := parameters{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			return nil, fmt.Errorf("its parameter %s is not percent-encoded right", name)
		}
		if _, found := p[name]; !found && name != "" {
			p[name] = value
		}
	}
	return p, nil
}

// oneOf is a parameter with a fixed set of values, the first of which is the
// default.
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
	return "", fmt.Errorf("its parameter %s is one of %s", name, strings.Join(values, ", "))
}

// flag is a parameter that is on when it is a number other than 0.
func (p parameters) flag(name string) (on bool, err error) {
	value, found := p[name]
	if !found {
		return false, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return false, fmt.Errorf("its parameter %s is 0 or 1", name)
	}
	return n != 0, nil
}
