package transport

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
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
