package transport

import (
	"errors"
	"net/netip"
	"strings"
	"unicode"
)

// CheckBareAddress refuses what is not just a host name or an IP address, such as a URI, a
// port or brackets. The error never quotes it.
func CheckBareAddress(text string) error {
	if _, err := netip.ParseAddr(text); err == nil {
		return nil
	}
	strange := func(r rune) bool {
		return !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Number) && !strings.ContainsRune("._-", r)
	}
	if text == "" || strings.HasPrefix(text, "-") || strings.ContainsFunc(text, strange) {
		return errors.New("write a host name or an IP address and nothing else, like kvm2.example.com, 10.0.0.2 or fd00::2")
	}
	return nil
}
