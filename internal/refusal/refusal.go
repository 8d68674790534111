package refusal

import "slices"

// Party is the host that is at fault.
type Party int

// The parties.
const (
	// Teller is the host whose libvirt said so: either can. In peer-to-peer the source's libvirt
	// passes on what the destination's says, as if it were its own: then it may be either.
	Teller Party = iota
	// Source is the migration's source, Destination its destination, whoever said so.
	Source
	Destination
)

// Refusal is what an error of libvirt means. The zero Refusal is one that is not known.
type Refusal struct {
	Kind  Kind
	Party Party
}

// Of is what an error means that libvirt answered with.
func Of(domain, code int, message string) Refusal {
	if both, ok := split(Code(code), message); ok {
		return both.refusal()
	}
	return lookUp(Domain(domain), Code(code), message)
}

func lookUp(domain Domain, code Code, message string) Refusal {
	text := newText(message)
	for _, r := range table {
		if r.fits(domain, code, text) {
			return Refusal{r.kind, r.party}
		}
	}
	return Refusal{}
}

// row is one line of the table.
type row struct {
	domain Domain
	code   Code
	// words must all be in the message; none where the code says it. Names and paths that users
	// choose stand in quotes, where only words that have a quote themselves are looked for.
	words []string
	kind  Kind
	party Party
}

func (r row) fits(domain Domain, code Code, message text) bool {
	if !r.from(domain) || r.code != anyCode && r.code != code {
		return false
	}
	for _, w := range r.words {
		if !message.says(w) {
			return false
		}
	}
	return true
}

// from tells whether the row's refusals come from a domain. Where that is not told, words have
// to do.
func (r row) from(domain Domain) bool {
	return r.domain == anywhere || r.domain == domain || domain == anywhere && len(r.words) > 0
}

// Kinds lists every kind that is known.
func Kinds() []Kind {
	all := []Kind{PeerSilenced} // package host tells it from how the connection was made
	for _, r := range table {
		if !slices.Contains(all, r.kind) {
			all = append(all, r.kind)
		}
	}
	return all
}
