package policy

import "time"

// Effective is the policy that holds for one VM: every value decided, with the
// level that decided it. A nil value is left to libvirt and QEMU.
type Effective struct {
	AutoConverge                               bool
	AutoConvergeInitial, AutoConvergeIncrement *int64
	Compression                                bool
	CompressionCacheMiB                        *int64
	BandwidthMiBPerSecond                      *int64
	MaxDowntimeMS                              *int64
	ParallelConnections                        int64
	PostCopy, Encryption                       bool
	// Timeout and StallTimeout are 0 when they are off.
	Timeout, StallTimeout time.Duration
	OnTimeout             OnTimeout

	// Origins has every field.
	Origins map[Field]Origin
}

// effective needs a policy in which every field of BuiltIn is set.
func effective(p Policy, origins map[Field]Origin) Effective {
	return Effective{
		AutoConverge:          *p.AutoConverge,
		AutoConvergeInitial:   p.AutoConvergeInitial,
		AutoConvergeIncrement: p.AutoConvergeIncrement,
		Compression:           *p.Compression,
		CompressionCacheMiB:   p.CompressionCacheMiB,
		BandwidthMiBPerSecond: p.BandwidthMiBPerSecond,
		MaxDowntimeMS:         p.MaxDowntimeMS,
		ParallelConnections:   *p.ParallelConnections,
		PostCopy:              *p.PostCopy,
		Encryption:            *p.Encryption,
		Timeout:               *p.Timeout,
		StallTimeout:          *p.StallTimeout,
		OnTimeout:             *p.OnTimeout,
		Origins:               origins,
	}
}

// Policy is the effective policy as a policy that sets every decided value.
func (e Effective) Policy() Policy {
	return Policy{
		AutoConverge:          &e.AutoConverge,
		AutoConvergeInitial:   e.AutoConvergeInitial,
		AutoConvergeIncrement: e.AutoConvergeIncrement,
		Compression:           &e.Compression,
		CompressionCacheMiB:   e.CompressionCacheMiB,
		BandwidthMiBPerSecond: e.BandwidthMiBPerSecond,
		MaxDowntimeMS:         e.MaxDowntimeMS,
		ParallelConnections:   &e.ParallelConnections,
		PostCopy:              &e.PostCopy,
		Encryption:            &e.Encryption,
		Timeout:               &e.Timeout,
		StallTimeout:          &e.StallTimeout,
		OnTimeout:             &e.OnTimeout,
	}
}

// Inactive lists the fields that some level set but that do nothing, because
// the feature they tune resolves to false, or because on_timeout has no timeout
// to follow. They are dormant, not wrong, and are not sent to libvirt.
func (e Effective) Inactive() []Field {
	resolved := e.Policy()
	var dormant []Field
	for _, tuning := range tunings {
		if tuning.switchedOff(resolved) && e.Origins[tuning.field] != OriginDefault {
			dormant = append(dormant, tuning.field)
		}
	}
	if !e.timesOut() && e.Origins[FieldOnTimeout] != OriginDefault {
		dormant = append(dormant, FieldOnTimeout)
	}
	return dormant
}

// Conflicts says which values, each right on its own level, contradict each
// other for this VM. A move under such a policy is refused. What is dormant is
// never among them.
func (e Effective) Conflicts() []Problem {
	var problems []Problem
	if e.Compression && e.ParallelConnections > 0 {
		problems = append(problems, Problem{FieldParallelConnections, xbzrleWithParallel})
	}
	if e.OnTimeout == SwitchToPostCopy && !e.PostCopy && e.timesOut() {
		problems = append(problems, Problem{FieldOnTimeout, postCopyNotAllowed})
	}
	return problems
}

// timesOut tells whether anything can run out, so that on_timeout matters.
func (e Effective) timesOut() bool { return e.Timeout != 0 || e.StallTimeout != 0 }
