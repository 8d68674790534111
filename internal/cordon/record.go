package cordon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	// Version is the version of records that this package writes.
	Version = 1
	// maxBytes is how large a record may be.
	maxBytes = 64 << 10

	versionMember = "version"
)

// Record is what a host's own record says. The zero value is that of a host without one.
type Record struct {
	// Cordoned keeps moves from choosing the host as their destination.
	Cordoned bool
	// Since is when the host was cordoned, to the second, and Why is the reason in words.
	Since time.Time
	Why   string
	// Evacuation is the ID of the evacuation that is under way, or was made and not undone; the histories of the VMs
	// that it moved have it, too. It is empty where there is none.
	Evacuation string
	// Host is the UUID that the host had when the evacuation began: with another mainboard it has another one, and this
	// record, which is on its disk, is how it is known then. It is empty where there is no evacuation.
	Host string
	// Unknown has the members that this version does not know, as they were read; they are written back.
	Unknown map[string]json.RawMessage
}

// NewerVersionError is a record that a newer release of the provider wrote. It must not be changed or deleted by this
// one.
type NewerVersionError struct {
	// Version is the record's.
	Version int64
}

func (e *NewerVersionError) Error() string {
	return fmt.Sprintf("the host's own record has version %d and this release of the provider knows versions up to %d",
		e.Version, Version)
}

// InvalidError is a record that cannot be read.
type InvalidError struct {
	// Reason is why.
	Reason string
}

func (e *InvalidError) Error() string { return "the host's own record cannot be read: " + e.Reason }

// member is a known member of a record: its name, and a pointer to what it holds.
type member struct {
	name  string
	value any
	// omit leaves it out where it says nothing.
	omit bool
}

func (r *Record) members() []member {
	return []member{
		{"cordoned", &r.Cordoned, false},
		{"since", &r.Since, r.Since.IsZero()},
		{"why", &r.Why, r.Why == ""},
		{"evacuation", &r.Evacuation, r.Evacuation == ""},
		{"host", &r.Host, r.Host == ""},
	}
}

// Says tells whether the record says anything; a host whose record does not needs none.
func (r Record) Says() bool { return r.Cordoned || r.Evacuation != "" || len(r.Unknown) > 0 }

// Encode is the record as a JSON document.
func (r Record) Encode() (string, error) {
	r.Since = r.Since.UTC().Truncate(time.Second)
	all := map[string]any{versionMember: Version}
	for name, value := range r.Unknown {
		all[name] = value
	}
	for _, m := range r.members() {
		if !m.omit {
			all[m.name] = m.value
		}
	}
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false) // what is not known is written back as it was read
	if err := encoder.Encode(all); err != nil {
		return "", err
	}
	document := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	if len(document) > maxBytes {
		return "", fmt.Errorf("the host's own record takes more than %d KiB", maxBytes>>10)
	}
	return string(document), nil
}

// Decode reads a record. The error is a *NewerVersionError or an *InvalidError.
func Decode(document string) (Record, error) {
	var members map[string]json.RawMessage
	switch {
	case len(document) > maxBytes:
		return Record{}, &InvalidError{fmt.Sprintf("it is larger than %d KiB", maxBytes>>10)}
	case !utf8.ValidString(document):
		return Record{}, &InvalidError{"it is not UTF-8 text"}
	case json.Unmarshal([]byte(document), &members) != nil || members == nil:
		return Record{}, &InvalidError{"it is not a JSON object"}
	}
	var version int64
	switch err := json.Unmarshal(members[versionMember], &version); {
	case err != nil || version < 1:
		return Record{}, &InvalidError{"it has no version that was ever written"}
	case version > Version:
		return Record{}, &NewerVersionError{version}
	}
	delete(members, versionMember)
	var r Record
	if err := r.take(members); err != nil {
		return Record{}, &InvalidError{err.Error()}
	}
	return r, nil
}

// take fills in the known members, and keeps the others.
func (r *Record) take(members map[string]json.RawMessage) error {
	for _, m := range r.members() {
		raw, ok := members[m.name]
		if !ok && !m.omit {
			return errors.New("it has no " + m.name)
		}
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, m.value); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		delete(members, m.name)
	}
	r.Since = r.Since.UTC()
	if len(members) > 0 {
		r.Unknown = members
	}
	return nil
}
