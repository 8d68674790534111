package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Text is what an operator reads of one fact.
type Text struct {
	// Summary is the title, Detail the sentences below it.
	Summary, Detail string
}

// Quantities of one kind have one unit, whatever their size, so that those on one line can
// be compared: memory is in MiB and rates are in MiB/s, as in the policy's fields, and times
// are in seconds, with minutes and hours beyond a minute.

// mib is one mebibyte in bytes.
const mib = 1 << 20

// bytes is an amount of memory as people read it.
func bytes(n uint64) string {
	switch amount := float64(n) / mib; {
	case n > 0 && amount < 0.05:
		return "under 0.1 MiB"
	case n%mib != 0 && amount < 9.95:
		return fmt.Sprintf("%.1f MiB", amount)
	default:
		return fmt.Sprintf("%.0f MiB", amount)
	}
}

// rate is a number of bytes per second as people read it.
func rate(n uint64) string { return bytes(n) + "/s" }

// elapsed is a time as people read it: to the second, and a short one to the
// tenth of it.
func elapsed(d time.Duration) string {
	const short = 10 * time.Second
	if d < short {
		return seconds(d.Round(100 * time.Millisecond))
	}
	return d.Round(time.Second).String()
}

// downtime is how long a guest stood still, to the millisecond.
func downtime(d time.Duration) string { return seconds(d.Round(time.Millisecond)) }

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

// Version is a version in libvirt's encoding.
func Version(v uint64) string { return fmt.Sprintf("%d.%d.%d", v/1000000, v/1000%1000, v%1000) }

// lastParagraph parts the last paragraph, which says where a VM is, from those before it. A
// single one does not say that.
func lastParagraph(text string) (before, last string) {
	if at := strings.LastIndex(text, "\n\n"); at >= 0 {
		return text[:at], text[at+2:]
	}
	return text, ""
}

// sentences joins those that are not empty.
func sentences(parts ...string) string { return join(" ", parts...) }

// paragraphs joins those that are not empty.
func paragraphs(parts ...string) string { return join("\n\n", parts...) }

func join(separator string, parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, separator)
}

// oneLine is an error on one line, also when it joins several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// Sentence gives a text the form of a detail: a capital first, where the first
// word is ours, and a full stop last.
func Sentence(text string) string { return fullStop(capital(text)) }

// fullStop ends a text as a sentence ends.
func fullStop(text string) string {
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return text
}

// firstWords are those that our texts begin with. A text that begins with
// another word may begin with a name, of a host or of an attribute, which is
// never changed.
var firstWords = map[string]string{
	"a": "A", "an": "An", "another": "Another", "both": "Both", "each": "Each", "host": "Host", "how": "How", "it": "It",
	"no": "No", "nothing": "Nothing", "the": "The", "what": "What", "with": "With",
}

func capital(text string) string {
	word, rest, _ := strings.Cut(text, " ")
	if upper, ours := firstWords[word]; ours && rest != "" {
		return upper + " " + rest
	}
	return text
}

// notDone says that an order failed, or only that it may have.
func notDone(err error, done string) string {
	if migration.Lost(err) {
		return "is not known to have been " + done
	}
	return "could not be " + done
}

// list is lines as a list.
func list(lines []string) string { return "  - " + strings.Join(lines, "\n  - ") }
