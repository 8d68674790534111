package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Outcome is how a move ended.
type Outcome string

// The outcomes.
const (
	// Started has not ended, or nobody has watched its end and looked for the VM since.
	Started Outcome = "started"
	// Completed has brought the VM to its destination.
	Completed Outcome = "completed"
	// Cancelled was ended by a person, TimedOut by a time limit of the policy, and
	// NotConverged because it made no progress.
	Cancelled    Outcome = "cancelled"
	TimedOut     Outcome = "timed_out"
	NotConverged Outcome = "not_converged"
	// Failed was ended by libvirt or QEMU, or its end could not be seen.
	Failed Outcome = "failed"
	// Refused was not started. It is in reports, and in a history only for volumes that the move may have
	// made.
	Refused Outcome = "refused"
	// Unwatched is a move whose end nobody has seen: the run that made it had to leave it under
	// way, or was killed. In a history the VM was not on its destination afterwards.
	Unwatched Outcome = "unwatched"
)

// Outcomes are those that a run can see: of the end of its move, or that it did not see one.
func Outcomes() []Outcome {
	return []Outcome{Completed, Cancelled, TimedOut, NotConverged, Failed, Refused, Unwatched}
}

// Host is an end of a move.
type Host struct {
	// UUID is the host's, empty where it could not be asked; Label is its key in the
	// provider's configuration at the time.
	UUID  string `json:"uuid,omitempty"`
	Label string `json:"label"`
}

// Figures is what was measured of a move. Memory is in bytes.
type Figures struct {
	DurationMS             int64  `json:"duration_ms"`
	DowntimeMS             *int64 `json:"downtime_ms,omitempty"`
	MemoryTotalBytes       uint64 `json:"memory_total_bytes"`
	MemoryTransferredBytes uint64 `json:"memory_transferred_bytes"`
	// MemoryConstantBytes are of pages of which nearly nothing was sent, because they held one byte over and over.
	MemoryConstantBytes uint64 `json:"memory_constant_bytes,omitempty"`
	// DiskTotalBytes is the capacity of the disks that were copied, and
	// DiskTransferredBytes what was copied of them; 0 where none was.
	DiskTotalBytes       uint64 `json:"disk_total_bytes,omitempty"`
	DiskTransferredBytes uint64 `json:"disk_transferred_bytes,omitempty"`
	Iterations           uint64 `json:"iterations"`
	// Throttle is the highest that was seen, in percent.
	Throttle               *int64 `json:"throttle,omitempty"`
	CompressionPages       *int64 `json:"compression_pages,omitempty"`
	CompressionCacheMisses *int64 `json:"compression_cache_misses,omitempty"`
	// DowntimeRaisedToMS is the longest pause for the switch-over, and CacheGrownToMiB the size of
	// the XBZRLE cache, that the engine has come to in mid-move; nil where it raised none.
	DowntimeRaisedToMS *int64 `json:"downtime_raised_to_ms,omitempty"`
	CacheGrownToMiB    *int64 `json:"cache_grown_to_mib,omitempty"`
	CompressionBytes   *int64 `json:"compression_bytes,omitempty"`
}

// Volume is an image of a disk that was copied, on one of both hosts. One that a move has left
// is not the VM's any more, and nothing deletes it.
type Volume struct {
	// VM is the UUID of the VM that wrote it: a clone has the history of what it was made of.
	VM string `json:"vm"`
	// Host is where it is, and Target the VM's disk that it was.
	Host   Host   `json:"host"`
	Target string `json:"target"`
	// Pool is the storage pool that lists it, and Name its name there; both are empty where none
	// does.
	Pool string `json:"pool,omitempty"`
	Name string `json:"name,omitempty"`
	Path string `json:"path"`
	// Format is the image's, CapacityBytes what the guest saw of it, AllocatedBytes what it
	// takes on storage, and LengthBytes that of its file.
	Format         string `json:"format"`
	CapacityBytes  uint64 `json:"capacity_bytes"`
	AllocatedBytes uint64 `json:"allocated_bytes"`
	LengthBytes    uint64 `json:"length_bytes"`
	// Modified is when it was last written to, as libvirt writes it: seconds since 1970. It is
	// empty where that could not be asked, and the volume is known for what it is no more.
	Modified string `json:"modified,omitempty"`
}

// Entry is one move.
type Entry struct {
	// ID is a random UUID.
	ID string
	// StartedAt is when the move started, and EndedAt when it ended: zero where it has not,
	// or where nobody watched that.
	StartedAt, EndedAt time.Time
	From, To           Host
	// Mode is who drove the migration, "peer_to_peer" or "direct", and Phase what it was
	// in at its end; empty where that is not known.
	Mode, Phase string
	Outcome     Outcome
	// Policy is the effective policy that it was started under.
	Policy policy.Effective
	// Share is what it started with of the budget of its links, in MiB/s; 0 where they had none.
	Share int64
	// Figures is nil where nothing was measured.
	Figures *Figures
	// Forecast is what was forecast of it before it started; nil where nothing was.
	Forecast *forecast.Forecast
	// VolumesLeft are the images that it has left behind, as they were after it.
	VolumesLeft []Volume
	// DevicesChanged is what it has changed in the VM's definition for its destination, and
	// ConfigChanged what it has changed in the persistent one, where that is something else:
	// libvirt keeps two of a VM that runs.
	DevicesChanged, ConfigChanged []definition.Change
	// VolumesWritten are the images of copied disks that are written to while it is under way, as
	// they were when it began: those on its source by the guest, those on its destination by the
	// copy. Once it has ended they are only those of which nobody could tell what became of them.
	VolumesWritten []Volume
	// Evacuation is the ID of the evacuation that the move belongs to; empty of any other.
	Evacuation string
	// Unknown has the members that this version does not know, as they were read.
	Unknown map[string]json.RawMessage

	// unreadable is an entry that this version cannot read; nothing else is set then.
	unreadable json.RawMessage
}

// config is what the move has changed in the persistent definition.
func (e Entry) config() []definition.Change {
	if e.ConfigChanged != nil {
		return e.ConfigChanged
	}
	return e.DevicesChanged
}

// Readable tells whether this version knows what the entry says.
func (e Entry) Readable() bool { return e.unreadable == nil }

// member is a known member of an entry: its name, and a pointer to what it holds.
type member struct {
	name  string
	value any
	// omit leaves it out where it says nothing.
	omit bool
}

// Names of members that need more than to be copied.
const (
	policyMember  = "policy"
	originsMember = "origins"
)

func (e *Entry) members() []member {
	return []member{
		{"id", &e.ID, false},
		{"started_at", &e.StartedAt, false},
		{"ended_at", &e.EndedAt, e.EndedAt.IsZero()},
		{"from", &e.From, false},
		{"to", &e.To, false},
		{"mode", &e.Mode, e.Mode == ""},
		{"phase", &e.Phase, e.Phase == ""},
		{"outcome", &e.Outcome, false},
		{"share_mib_per_second", &e.Share, e.Share == 0},
		{"figures", &e.Figures, e.Figures == nil},
		{"forecast", &e.Forecast, e.Forecast == nil},
		{"volumes_left", &e.VolumesLeft, len(e.VolumesLeft) == 0},
		{"devices_changed", &e.DevicesChanged, len(e.DevicesChanged) == 0},
		{"config_changed", &e.ConfigChanged, e.ConfigChanged == nil},
		{"volumes_written", &e.VolumesWritten, len(e.VolumesWritten) == 0},
		{"evacuation", &e.Evacuation, e.Evacuation == ""},
	}
}

// MarshalJSON implements json.Marshaler. Members come in the order of their names.
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.unreadable != nil {
		return e.unreadable, nil
	}
	all := map[string]any{}
	for name, value := range e.Unknown {
		all[name] = value
	}
	for _, m := range e.members() {
		if !m.omit {
			all[m.name] = m.value
		}
	}
	if _, kept := e.Unknown[policyMember]; !kept {
		values, err := policy.Record{Policy: e.Policy.Policy}.Encode()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", policyMember, err)
		}
		all[policyMember] = json.RawMessage(values)
		all[originsMember] = e.origins()
	}
	return marshal(all)
}

// origins has the level of each field that none but the built-in default decided.
func (e Entry) origins() map[policy.Field]policy.Origin {
	decided := map[policy.Field]policy.Origin{}
	for _, field := range policy.Fields() {
		if origin := e.Policy.Origins.Of(field); origin != "" && origin != policy.OriginDefault {
			decided[field] = origin
		}
	}
	return decided
}

// UnmarshalJSON implements json.Unmarshaler. It keeps what it cannot read, and never fails
// where document is JSON.
func (e *Entry) UnmarshalJSON(document []byte) error {
	read, err := decodeEntry(document)
	if err != nil {
		*e = Entry{unreadable: bytes.Clone(document)}
		return nil //nolint:nilerr // what cannot be read is kept as it is
	}
	*e = read
	return nil
}

func decodeEntry(document []byte) (Entry, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		return Entry{}, err
	}
	var e Entry
	for _, m := range e.members() {
		raw, ok := members[m.name]
		if !ok && !m.omit {
			return Entry{}, errors.New("it has no " + m.name)
		}
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, m.value); err != nil {
			return Entry{}, fmt.Errorf("%s: %w", m.name, err)
		}
		delete(members, m.name)
	}
	e.StartedAt, e.EndedAt = e.StartedAt.UTC(), e.EndedAt.UTC()
	if e.ID == "" || e.Outcome == "" || !writable(e.StartedAt) || !e.EndedAt.IsZero() && !writable(e.EndedAt) {
		return Entry{}, errors.New("it has no ID, no outcome or no time")
	}
	if effective, ok := decodePolicy(members); ok {
		e.Policy = effective
		delete(members, policyMember)
		delete(members, originsMember)
	}
	if len(members) > 0 {
		e.Unknown = members
	}
	return e, nil
}

// writable tells whether a time can be written in RFC 3339 and read back.
func writable(at time.Time) bool { return at.Year() >= 1970 && at.Year() <= 9999 }

// decodePolicy reads the policy of an entry; ok is false for one that this version does
// not know in full, which is kept as it is.
func decodePolicy(members map[string]json.RawMessage) (e policy.Effective, ok bool) {
	record, err := policy.DecodeRecord(members[policyMember])
	var origins map[policy.Field]policy.Origin
	if err != nil || len(record.Unknown) > 0 || json.Unmarshal(members[originsMember], &origins) != nil {
		return policy.Effective{}, false
	}
	e.Policy = record.Policy
	for _, field := range policy.Fields() {
		origin := policy.OriginDefault
		if decided, ok := origins[field]; ok {
			origin = decided
		}
		e.Origins = append(e.Origins, origin)
	}
	return e, true
}

// marshal writes "<", ">" and "&" as they are, where json.Marshal escapes them.
func marshal(value any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}
