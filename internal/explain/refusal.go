package explain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// Refused is what an operator reads of a refusal of libvirt or QEMU.
type Refused struct {
	// Host is the host at fault; empty where it may be either.
	Host string
	// Cause is a sentence that says what is wrong there, or libvirt's own words, marked as
	// such, where the refusal is not Known. Said is libvirt's own words in any case.
	Cause, Said string
	// Remedy says what to do, with a command where there is one; empty where nothing is
	// known.
	Remedy string
	Known  bool
}

// String is all of it.
func (r Refused) String() string {
	if !r.Known {
		return r.Cause
	}
	return sentences(r.Cause, r.Said, r.Remedy)
}

// Refusal explains the answer of a host's libvirt that is behind an error; ok is false
// where there is none. relayed tells that it came through the source's libvirt, which
// passes on what the destination's says: in a peer-to-peer migration.
func Refusal(err error, s migration.Subject, relayed bool) (r Refused, ok bool) {
	var answer *host.Error
	if !errors.As(err, &answer) || answer.Code == 0 {
		return Refused{}, false
	}
	said := fullStop(strings.TrimSuffix(answer.Message, "."))
	teller := answer.Host
	w, known := refusals[answer.Refusal.Kind]
	if !known {
		on := teller
		if relayed {
			on = fmt.Sprintf("%s, for itself or for %s,", teller, s.Destination)
		}
		said := fmt.Sprintf("libvirt on %s says, in its own words: %s", on, said)
		return Refused{Host: faulty(answer, s, relayed), Cause: said, Said: said}, true
	}
	at := faulty(answer, s, relayed)
	named := at
	if named == "" {
		named = s.Source + " or " + s.Destination
	}
	fill := strings.NewReplacer("{host}", named, "{source}", s.Source, "{destination}", s.Destination,
		"{vm}", s.Name, "{uuid}", s.UUID)
	return Refused{
		Host: at, Known: true, Cause: fill.Replace(w.cause), Remedy: fill.Replace(w.remedy),
		Said: fmt.Sprintf("libvirt on %s says: %s", teller, said),
	}, true
}

// faulty is the host at fault; empty where it may be either.
func faulty(answer *host.Error, s migration.Subject, relayed bool) string {
	switch {
	case answer.Refusal.Party == refusal.Source:
		return s.Source
	case answer.Refusal.Party == refusal.Destination:
		return s.Destination
	case relayed:
		return ""
	}
	return answer.Host
}

// refusalWords are the words for one kind of refusal: what is wrong, and what to do.
// {host} stands for the host at fault, {source} and {destination} for the two hosts, {vm}
// for the VM's name and {uuid} for its UUID. Commands name the VM by its UUID.
type refusalWords struct{ cause, remedy string }
