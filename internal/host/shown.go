package host

import (
	"strings"
	"unicode"
)

// shownLimit is how many characters of what somebody else said an error repeats.
// libvirt's longest messages, with the last words of a QEMU in them, are shorter.
const shownLimit = 1000

// shown is a text of somebody else, a host or whoever answers in its place, made
// fit for an error: on one line, of bounded length, and without characters that
// a terminal obeys or that change the order of what is read.
func shown(text string) string {
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
		if length++; length > shownLimit {
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
