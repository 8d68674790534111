package lease

import (
	"encoding/json"
	"time"
)

const (
	// Renewal is how often a lease is renewed.
	Renewal = 5 * time.Second
	// Life is for how long it then holds.
	Life = 3 * Renewal
)

// Holder is who has a lease: the description of its secret.
type Holder struct {
	// VM is the UUID of the VM that moves, and Name its name; both are empty of a lease that is for no move.
	VM   string `json:"vm,omitempty"`
	Name string `json:"name,omitempty"`
	// Run is the run of this provider: the machine and the process that it runs in, and a random word.
	Run string `json:"run"`
	// Process is that of the run, for those on its machine; zero where nothing is known of it.
	Process Process `json:"process,omitzero"`
	// Expires is when the lease ends unless it is renewed, by the clock of that machine.
	Expires time.Time `json:"expires"`
}

// Process is one process of a machine.
type Process struct {
	// Among names all processes that see each other by their numbers: those of one machine, since it was started, and in
	// one container. None is named so again.
	Among string `json:"among"`
	PID   int    `json:"pid"`
}

// Until is the same holder, for another Life from now.
func (h Holder) Until(now time.Time) Holder {
	h.Expires = now.Add(Life).UTC().Round(time.Millisecond)
	return h
}

// Encode is the description.
func (h Holder) Encode() string {
	document, err := json.Marshal(h)
	if err != nil {
		panic(err) // texts and a time of this century always can be encoded
	}
	return string(document)
}

// Decode reads a description. Of one that cannot be read nothing is known.
func Decode(description string) Holder {
	var h Holder
	if json.Unmarshal([]byte(description), &h) != nil {
		return Holder{}
	}
	return h
}
