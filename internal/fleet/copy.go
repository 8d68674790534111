package fleet

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Copy is one host's copy of a record, or one of the two copies that a domain
// has.
type Copy struct {
	Host string
	// HostUUID is the UUID of the host; empty for a domain's copy.
	HostUUID string
	// VM is the UUID of the domain that has the copy, and Impact says which of its two it
	// is, in the words of virDomainModificationImpact: live or config. Both are empty for a host's copy.
	VM, Impact string
	// Twin is true when the domain can have the other copy, too.
	Twin bool
	// Level is the level of a host's copy; it means nothing for a domain's.
	Level host.Level
	// Document is the record's text as libvirt has it; nil when there is none.
	Document *string
	// Record is what Document says, when Invalid is nil.
	Record policy.Record
	// Invalid says why Document cannot be read as a record.
	Invalid error
}

// The impacts of a domain's copies: the running domain and its definition.
const (
	live   = "live"
	config = "config"
)

// decode fills in what the document says. A switch that the global settings leave out is false.
func (c Copy) decode() Copy {
	if c.Document != nil {
		c.Record, c.Invalid = policy.DecodeRecord([]byte(*c.Document))
	}
	if c.readable() && c.VM == "" && c.Record.Cluster == "" {
		c.Record.Policy = c.Record.Policy.Global()
	}
	return c
}

// String names the copy for people.
func (c Copy) String() string {
	if c.Impact == "" {
		return "the copy on " + c.Host
	}
	return fmt.Sprintf("the %s copy on %s", c.Impact, c.Host)
}

// Subject names the record that the copy belongs to, as the subject of a sentence.
func (c Copy) Subject() string {
	if c.VM != "" {
		return fmt.Sprintf("the %s copy of the VM's record on %s", c.Impact, c.Host)
	}
	return fmt.Sprintf("the %s record on %s", c.Level, c.Host)
}

// readable tells whether there is a copy and it could be read.
func (c Copy) readable() bool { return c.Document != nil && c.Invalid == nil }

// newer is the error of a copy that a newer release wrote, which must be left
// alone; else nil.
func (c Copy) newer() error {
	var newer *policy.NewerVersionError
	if errors.As(c.Invalid, &newer) {
		return &NewerRecordError{Copy: c, Err: newer}
	}
	return nil
}

// Unreadable is why the copy cannot be read: a *NewerRecordError or an
// *InvalidRecordError; nil when it can, or is not there.
func (c Copy) Unreadable() error {
	switch {
	case c.Invalid == nil:
		return nil
	case c.newer() != nil:
		return c.newer()
	default:
		return &InvalidRecordError{Copy: c}
	}
}

// NewerRecordError is a record that a newer release of the provider wrote: it
// is neither written over nor deleted.
type NewerRecordError struct {
	Copy Copy
	Err  *policy.NewerVersionError
}

func (e *NewerRecordError) Error() string { return fmt.Sprintf("%s: %v", e.Copy.Subject(), e.Err) }

func (e *NewerRecordError) Unwrap() error { return e.Err }

// Digest stands for what a copy says, whoever declared it; empty for a copy that is
// missing.
type Digest string

// digestSize is how many bytes of the hash a digest has: as many as a UUID. Terraform writes
// the whole state for each resource that it changes, with each digest in it.
const digestSize = 16

// anothers stands for a copy of another instance that says something else.
const anothers Digest = "another's"

// digest is the copy's.
func (c Copy) digest() Digest {
	if c.Document == nil {
		return ""
	}
	text := []byte(*c.Document)
	if c.Invalid == nil {
		record := c.Record
		record.Owner, record.DeclaredAt = "", time.Time{}
		if said, err := record.Encode(); err == nil {
			text = said
		}
	}
	sum := sha256.Sum256(text)
	return Digest(base64.RawStdEncoding.EncodeToString(sum[:digestSize]))
}

// sees is the copy's digest as the declaring instance sees it: what another instance
// says does not matter to it.
func (d Declaration) sees(c Copy) Digest {
	if d.redeclared(c) && !d.matches(c.Record) {
		return anothers
	}
	return c.digest()
}

// seen are the copies on hosts as a plan sees them, by the host's UUID.
func (d Declaration) seen(copies []Copy) map[string]Digest {
	seen := map[string]Digest{}
	for _, c := range copies {
		seen[c.HostUUID] = d.sees(c)
	}
	return seen
}

// encode is the declared record, with the members of the present one that this
// version does not know.
func (d Declaration) encode(present Copy) (string, error) {
	record := policy.Record{Cluster: d.Cluster, Policy: d.Policy, Owner: d.Owner}
	if d.Owner != "" {
		record.DeclaredAt = d.Now
	}
	if present.readable() {
		record.Unknown = present.Record.Unknown
	}
	document, err := record.Encode()
	return string(document), err
}

// hostCopy reads a host's copy of a level's record, and asks at the same time who the host is.
func hostCopy(ctx context.Context, h *host.Host, level host.Level) (Copy, error) {
	var asking sync.WaitGroup
	var uuid string
	var unknown error
	asking.Go(func() { uuid, unknown = h.UUID(ctx) })
	document, err := h.Record(ctx, level)
	asking.Wait()
	if err := cmp.Or(unknown, err); err != nil {
		return Copy{}, err
	}
	return Copy{Host: h.Name(), HostUUID: uuid, Level: level, Document: document}.decode(), nil
}
