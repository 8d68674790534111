package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
)

const (
	// Version is the version of histories that this package writes.
	Version = 1
	// MaxEntries is how many moves are kept.
	MaxEntries = 10
	// MaxBytes is how large their document may be.
	MaxBytes = 16 << 10
	// maxReadBytes is the largest document that is read at all.
	maxReadBytes = 1 << 20

	versionMember = "version"
	movesMember   = "migrations"
	stoppedMember = "stopped"
)

// History is the last moves of a VM.
type History struct {
	// Entries are the moves, newest first.
	Entries []Entry
	// Stopped is what an evacuation has done with the VM, which is to start again; nil where none has.
	Stopped *Stop
	// Unknown has the members that this version does not know, as they were read.
	Unknown map[string]json.RawMessage
}

// NewerVersionError is a history that a newer release of the provider wrote. This one
// leaves it as it is.
type NewerVersionError struct {
	// Version is the history's.
	Version int64
}

func (e *NewerVersionError) Error() string {
	return fmt.Sprintf("the history has version %d and this release of the provider knows versions up to %d",
		e.Version, Version)
}

// Decode reads a history. It refuses what is not a JSON object of known version; an entry
// that it cannot read is kept. The error is a *NewerVersionError when a newer release
// wrote the history.
func Decode(document []byte) (History, error) {
	if len(document) > maxReadBytes {
		return History{}, fmt.Errorf("the history is larger than %d KiB", maxReadBytes>>10)
	}
	if !utf8.Valid(document) {
		return History{}, errors.New("the history is not UTF-8 text")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil || members == nil {
		return History{}, errors.New("the history is not a JSON object")
	}
	var version int64
	switch err := json.Unmarshal(members[versionMember], &version); {
	case err != nil || version < 1:
		return History{}, errors.New("the history has no version that was ever written")
	case version > Version:
		return History{}, &NewerVersionError{version}
	}
	var h History
	if moves, ok := members[movesMember]; ok {
		if err := json.Unmarshal(moves, &h.Entries); err != nil {
			return History{}, fmt.Errorf("%s is not a list: %w", movesMember, err)
		}
	}
	if stopped, ok := members[stoppedMember]; ok {
		if err := json.Unmarshal(stopped, &h.Stopped); err != nil {
			return History{}, fmt.Errorf("%s is not an object: %w", stoppedMember, err)
		}
	}
	delete(members, versionMember)
	delete(members, movesMember)
	delete(members, stoppedMember)
	if len(members) > 0 {
		h.Unknown = members
	}
	return h, nil
}

// Encode is the history as a JSON document within both limits: the oldest entries go
// until it is.
func (h History) Encode() ([]byte, error) {
	entries := h.Entries[:min(len(h.Entries), MaxEntries)]
	for {
		all := map[string]any{versionMember: Version, movesMember: append([]Entry{}, entries...)}
		if h.Stopped != nil {
			all[stoppedMember] = h.Stopped
		}
		for name, value := range h.Unknown {
			all[name] = value
		}
		document, err := marshal(all)
		switch {
		case err != nil:
			return nil, err
		case len(document) <= MaxBytes:
			return document, nil
		case len(entries) > 1:
			entries = entries[:len(entries)-1]
		case len(h.Unknown) > 0:
			h.Unknown = nil // the move is worth more than what nobody here knows
		default:
			return nil, fmt.Errorf("the move takes more than %d KiB", MaxBytes>>10)
		}
	}
}

// Add puts a move before all others.
func (h *History) Add(e Entry) { h.Entries = slices.Insert(h.Entries, 0, e) }

// Settle completes moves that are started for the history, and whose VM is on the host
// here now, where no job runs on it: their end was not watched. It tells whether there
// was one, and returns the newest.
func (h *History) Settle(here string) *Entry {
	var newest *Entry
	for i := range h.Entries {
		e := &h.Entries[i]
		if e.Outcome != Started {
			continue
		}
		e.Outcome = Unwatched
		if newest == nil && e.To.UUID == here && here != "" {
			e.Outcome = Completed
		}
		if newest == nil {
			newest = e
		}
	}
	return newest
}

// Find is the entry of an ID, or nil.
func (h *History) Find(id string) *Entry {
	return h.first(func(e Entry) bool { return e.ID == id })
}

// UnderWay is the newest entry of a move between two hosts, by their UUIDs, that is
// started for the history, but for that of an ID; nil where there is none.
func (h *History) UnderWay(from, to, besides string) *Entry {
	return h.first(func(e Entry) bool {
		return e.Outcome == Started && e.From.UUID == from && e.To.UUID == to && e.ID != besides
	})
}

// Leftover is a volume that a move has left behind.
type Leftover struct {
	Volume

	// WrittenUntil is until when the move may have written to it, where nobody has noted it
	// since the move began; else it is zero. It is zero, too, where the move had no time limit.
	WrittenUntil time.Time
	// EndedBy is when the move had certainly ended; zero where nobody knows.
	EndedBy time.Time
}

// endAllowance is how long a move may take to end once its time limit has run out.
const endAllowance = 2 * time.Minute

// writtenUntil is until when a move whose end nobody has watched may have written to volumes.
func (e Entry) writtenUntil() time.Time {
	limit := e.Policy.Timeout()
	if limit == 0 {
		return time.Time{}
	}
	return e.StartedAt.Add(limit + endAllowance)
}

// endedBy is when a move that has noted what it left had certainly ended, by whatever clock.
func (e Entry) endedBy() time.Time {
	if e.EndedAt.IsZero() {
		return time.Time{}
	}
	return e.EndedAt.Add(endAllowance)
}

// Left are the volumes that moves of the VM have left on a host that it is not on, by the host's
// UUID: of each path what the newest move says.
func (h *History) Left(host string) []Leftover {
	var left []Leftover
	add := func(volumes []Volume, writtenUntil, endedBy time.Time) {
		for _, v := range volumes {
			known := slices.ContainsFunc(left, func(l Leftover) bool { return l.Path == v.Path })
			if v.Host.UUID == host && host != "" && !known {
				left = append(left, Leftover{v, writtenUntil, endedBy})
			}
		}
	}
	for _, e := range h.Entries {
		add(e.VolumesLeft, time.Time{}, e.endedBy())
		add(e.VolumesWritten, e.writtenUntil(), e.writtenUntil())
	}
	return left
}

// Back is what makes of the VM's devices, as it runs and in its persistent definition, what
// they were when the VM last was on a host, by its UUID, and was to leave it. There is nothing where
// the history does not have that.
func (h *History) Back(host string) (running, config []definition.Change) {
	for _, e := range h.Entries {
		undo := definition.Undo // a move that the VM has not made has no changes
		if e.Outcome == Started || e.Outcome == Unwatched {
			undo = definition.UndoPerhaps
		}
		running, config = undo(running, e.DevicesChanged), undo(config, e.config())
		if e.From.UUID == host && host != "" {
			return running, config
		}
	}
	return nil, nil
}

// Remove takes out the entry of an ID.
func (h *History) Remove(id string) {
	h.Entries = slices.DeleteFunc(h.Entries, func(e Entry) bool { return e.ID == id })
}

func (h *History) first(is func(Entry) bool) *Entry {
	if i := slices.IndexFunc(h.Entries, is); i >= 0 {
		return &h.Entries[i]
	}
	return nil
}
