package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Effective is the policy that holds for one VM: every value decided, with the
// level that decided it. A value that is nil is left to libvirt and QEMU. The
// getters are for fields with a built-in default, which are never nil.
type Effective struct {
	Policy
	// Origins are the levels that decided.
	Origins Origins
}

// AutoConverge tells whether the guest's vCPUs may be throttled.
func (e Effective) AutoConverge() bool { return decided(e.Policy.AutoConverge) }

// Compression tells whether memory is sent XBZRLE compressed.
func (e Effective) Compression() bool { return decided(e.Policy.Compression) }

// ParallelConnections is the number of connections for memory; 0 is off.
func (e Effective) ParallelConnections() int64 { return decided(e.Policy.ParallelConnections) }

// PostCopy tells whether the migration may be switched to post-copy.
func (e Effective) PostCopy() bool { return decided(e.Policy.PostCopy) }

// Encryption tells whether memory is sent encrypted.
func (e Effective) Encryption() bool { return decided(e.Policy.Encryption) }

// Timeout is the limit of the whole migration; 0 is none.
func (e Effective) Timeout() time.Duration { return decided(e.Policy.Timeout) }

// StallTimeout is the limit of the time without progress; 0 is off.
func (e Effective) StallTimeout() time.Duration { return decided(e.Policy.StallTimeout) }

// OnTimeout is what happens once either of the two has run out.
func (e Effective) OnTimeout() OnTimeout { return decided(e.Policy.OnTimeout) }

// CopyStorage is which disks are copied.
func (e Effective) CopyStorage() CopyStorage { return decided(e.Policy.CopyStorage) }

// SynchronousWrites tells whether writes of the guest wait for the copy of their disk.
func (e Effective) SynchronousWrites() bool { return decided(e.Policy.SynchronousWrites) }

// Evacuation is what becomes of the VM when its host is emptied.
func (e Effective) Evacuation() Evacuation { return decided(e.Policy.Evacuation) }

// AntiAffinityGroup names VMs of which no two are to be on one host; empty for none.
func (e Effective) AntiAffinityGroup() string { return decided(e.Policy.AntiAffinityGroup) }

func decided[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// Parameters is what libvirt is told. What is dormant is left out: libvirt would
// refuse it ("Turn auto convergence on to tune it").
func (e Effective) Parameters() Parameters {
	var all Parameters
	for _, d := range table {
		if !d.dormant(&e.Policy) {
			told := d.tell(&e.Policy)
			all.Flags = append(all.Flags, told.Flags...)
			all.Typed = append(all.Typed, told.Typed...)
		}
	}
	return all
}

// Inactive lists the fields by which some level asks for something without effect, because
// the feature that they tune is off, or because on_timeout has no timeout to follow. They
// are dormant, not wrong, and are not sent to libvirt.
func (e Effective) Inactive() []Field {
	var dormant []Field
	for _, d := range table {
		if d.asks(&e.Policy) && d.dormant(&e.Policy) && e.Origins.Of(d.Field) != OriginDefault {
			dormant = append(dormant, d.Field)
		}
	}
	return dormant
}

// Conflicts lists values that are valid on their own levels, but contradict each other
// for this VM. A move under such a policy is refused. Dormant fields never conflict.
func (e Effective) Conflicts() []Conflict {
	var conflicts []Conflict
	for _, d := range table {
		if d.dormant(&e.Policy) {
			continue
		}
		for _, c := range d.conflicts(&e.Policy) {
			values := []Decided{e.decided(d.Field), e.decided(c.against)}
			conflicts = append(conflicts, Conflict{Problem{d.Field, c.text}, values})
		}
	}
	return conflicts
}

// Conflict is values of an effective policy that contradict each other: the field at
// fault first.
type Conflict struct {
	Problem

	Values []Decided
}

// Decided is the effective value of a field, and the level that decided it.
type Decided struct {
	Field  Field
	Value  string
	Origin Origin
}

func (e Effective) decided(field Field) Decided {
	return Decided{field, definition(field).text(&e.Policy), e.Origins.Of(field)}
}

// Digest stands for the values of all fields, whatever level decided them: equal ones
// have equal digests.
func (e Effective) Digest() string {
	sum := sha256.New()
	for _, d := range table {
		fmt.Fprintf(sum, "%s=%s\n", d.Field, d.text(&e.Policy))
	}
	return hex.EncodeToString(sum.Sum(nil))
}
