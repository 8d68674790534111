// Package sanitize makes text that a host sent safe to show on a terminal.
package sanitize

import (
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
