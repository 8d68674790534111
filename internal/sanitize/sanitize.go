// Package sanitize makes texts fit to be shown: what a host says, or whoever answers
// in its place, and URIs that may hold secrets.
package sanitize

import (
	"net/url"
	"strings"
	"unicode"
)

// Limit is how many characters of a text are kept. libvirt's longest messages, which
// quote the end of QEMU's log, are shorter.
const Limit = 1000

// Text puts a text on one line of bounded length, without control characters and those
// that change the reading order.
func Text(text string) string {
	var kept strings.Builder
	blank, length := false, 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			blank = length > 0
			continue
		case !unicode.IsGraphic(r):
			r = unicode.ReplacementChar
		}
		if length++; length > Limit {
			return kept.String() + "…"
		}
		if blank {
			kept.WriteByte(' ')
			length++
		}
		blank = false
		kept.WriteRune(r)
	}
	return kept.String()
}

// Name is the name of a VM as a host gives it, without control characters, which no libvirt
// takes in a name: who answers in its place may send them. All others stay, since a VM is
// looked for by its name.
func Name(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, name)
}

// Paragraphs is a text of several lines without control characters and those that change
// the reading order.
func Paragraphs(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// URI is a URI without what may be a secret in it: no password, no parameters.
func URI(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}
