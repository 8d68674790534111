package refusal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quotes are the marks that libvirt and QEMU put around names and paths.
const quotes = `'"`

// text is a message, as it is and without what stands in quotes.
type text struct{ whole, unquoted string }

func newText(message string) text { return text{message, unquoted(message)} }

// says tells whether the words are the message's own: those without a quote are not looked
// for in quotes, where a user's name may have them.
func (t text) says(words string) bool {
	if strings.ContainsAny(words, quotes) {
		return strings.Contains(t.whole, words)
	}
	return strings.Contains(t.unquoted, words)
}

// unquoted empties the quotes of a message.
func unquoted(message string) string {
	var out strings.Builder
	for rest := message; ; {
		start := strings.IndexAny(rest, quotes)
		if start < 0 {
			out.WriteString(rest)
			return out.String()
		}
		out.WriteString(rest[:start+1])
		mark := rest[start]
		before, _ := utf8.DecodeLastRuneInString(out.String()[:out.Len()-1])
		rest = rest[start+1:]
		if isWord(before) { // an apostrophe, as in "does not" for short
			continue
		}
		if end := closing(rest, mark); end >= 0 {
			out.WriteByte(mark)
			rest = rest[end+1:]
		}
	}
}

// closing is where the quote ends: at a mark that no letter or digit follows; -1 if nowhere.
func closing(s string, mark byte) int {
	for i := range len(s) {
		if next, _ := utf8.DecodeRuneInString(s[i+1:]); s[i] == mark && (i+1 == len(s) || !isWord(next)) {
			return i
		}
	}
	return -1
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
