package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// Version is the version of records that this package writes.
	Version = 1
	// MaxRecordBytes is the largest record that is read or written. libvirt
	// would take up to 4 MiB, but a domain with a record near that can no longer
	// be dumped by any tool.
	MaxRecordBytes = 64 << 10

	versionMember    = "version"
	clusterMember    = "cluster"
	ownerMember      = "owner"
	declaredAtMember = "declared_at"

	// Years outside of these cannot be written in RFC 3339 and read back.
	firstYear, lastYear = 1970, 9999
)

// Record is one level's policy as it is kept in libvirt: one JSON document.
type Record struct {
	// Cluster is the name of the cluster in a cluster's record, else empty.
	Cluster string
	// Owner is the token of the resource instance that declared the record;
	// empty where nobody claims it.
	Owner string
	// DeclaredAt is when the owner last wrote the record, to the second; zero
	// where it is not recorded.
	DeclaredAt time.Time
	Policy     Policy
	// Unknown has the members that this version does not know, as they were
	// read; they are written back.
	Unknown map[string]json.RawMessage
}

// ErrRecordTooLarge is a record over MaxRecordBytes.
var ErrRecordTooLarge = fmt.Errorf("the record is larger than %d KiB", MaxRecordBytes>>10)

// NewerVersionError is a record that a newer release of the provider wrote. It
// must not be changed or deleted by this one.
type NewerVersionError struct {
	// Version is the record's.
	Version int64
}

func (e *NewerVersionError) Error() string {
	return fmt.Sprintf("the record has version %d and this release of the provider knows versions up to %d",
		e.Version, Version)
}

// UnknownMembers lists the names of the members that this version does not
// know, sorted.
func (r Record) UnknownMembers() []string {
	names := make([]string, 0, len(r.Unknown))
	for name := range r.Unknown {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Encode is the record as a JSON document of at most MaxRecordBytes, its members
// always in the same order: version, cluster, owner, time of declaration, fields,
// unknown members. It refuses values out of range, which DecodeRecord would not read back.
func (r Record) Encode() ([]byte, error) {
	var buf bytes.Buffer
	fmt.Fprintf(&buf, `{%q:%d`, versionMember, Version)
	member := func(name string, value any) error {
		key, err := marshal(name)
		if err != nil {
			return err
		}
		text, err := marshal(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		buf.WriteByte(',')
		buf.Write(key)
		buf.WriteByte(':')
		buf.Write(text)
		return nil
	}
	if r.Cluster != "" {
		if err := member(clusterMember, r.Cluster); err != nil {
			return nil, err
		}
	}
	if r.Owner != "" {
		if err := member(ownerMember, r.Owner); err != nil {
			return nil, err
		}
	}
	if !r.DeclaredAt.IsZero() {
		if err := member(declaredAtMember, r.DeclaredAt.UTC().Format(time.RFC3339)); err != nil {
			return nil, err
		}
	}
	for _, d := range table {
		if !d.isSet(&r.Policy) {
			continue
		}
		if err := d.check(&r.Policy); err != nil {
			return nil, err
		}
		if err := member(string(d.Field), d.plain(&r.Policy)); err != nil {
			return nil, err
		}
	}
	for _, name := range r.UnknownMembers() {
		if err := member(name, r.Unknown[name]); err != nil {
			return nil, err
		}
	}
	buf.WriteByte('}')
	if buf.Len() > MaxRecordBytes {
		return nil, ErrRecordTooLarge
	}
	return buf.Bytes(), nil
}

// marshal writes "<", ">" and "&" as they are, where json.Marshal escapes them:
// unknown members are written back as they were read, and do not grow.
func marshal(value any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

// DecodeRecord reads a record. It refuses what is not a JSON object of known
// version with values in range, and says why; the error is a *NewerVersionError
// when a newer release wrote the record.
func DecodeRecord(document []byte) (Record, error) {
	if len(document) > MaxRecordBytes {
		return Record{}, ErrRecordTooLarge
	}
	if !utf8.Valid(document) {
		return Record{}, errors.New("the record is not UTF-8 text")
	}
	if len(bytes.TrimSpace(document)) == 0 {
		return Record{}, errors.New("the record is empty")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil || members == nil {
		return Record{}, fmt.Errorf("the record is not a JSON object: %s",
			abbreviate(strings.Join(strings.Fields(string(document)), " ")))
	}
	if err := checkVersion(members[versionMember]); err != nil {
		return Record{}, err
	}
	delete(members, versionMember)

	var r Record
	var declared string
	if err := cmp.Or(
		takeText(members, clusterMember, "a name in quotes", &r.Cluster),
		takeText(members, ownerMember, "a token in quotes", &r.Owner),
		takeText(members, declaredAtMember, "a time in quotes", &declared),
	); err != nil {
		return Record{}, err
	}
	if declared != "" {
		at, err := time.Parse(time.RFC3339, declared)
		if at = at.UTC().Truncate(time.Second); err != nil || at.Year() < firstYear || at.Year() > lastYear {
			return Record{}, fmt.Errorf("%s is not a time such as \"2026-01-31T12:00:00Z\": %s",
				declaredAtMember, abbreviate(declared))
		}
		r.DeclaredAt = at
	}
	for _, d := range table {
		raw, ok := members[string(d.Field)]
		if !ok {
			continue
		}
		if err := d.decode(&r.Policy, raw); err != nil {
			return Record{}, fmt.Errorf("%s: %w", d.Field, err)
		}
		if err := d.check(&r.Policy); err != nil {
			return Record{}, err
		}
		delete(members, string(d.Field))
	}
	if len(members) > 0 {
		r.Unknown = members
	}
	return r, nil
}

// takeText removes a text member from members and stores it in target; want says what
// it must be.
func takeText(members map[string]json.RawMessage, name, want string, target *string) error {
	raw, ok := members[name]
	if !ok {
		return nil
	}
	text, err := textForm(want).read(raw)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	*target = text
	delete(members, name)
	return nil
}

func checkVersion(raw json.RawMessage) error {
	if raw == nil {
		return fmt.Errorf("the record has no %s", versionMember)
	}
	version, err := numberForm.read(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%s %w", versionMember, err)
	case version > Version:
		return &NewerVersionError{Version: version}
	case version < 1:
		return fmt.Errorf("%s %d was never written by any release", versionMember, version)
	}
	return nil
}
