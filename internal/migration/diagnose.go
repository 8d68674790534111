package migration

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"

// diagnose is the error of a migration that did not succeed.
func diagnose(f Failure) error {
	switch f.Course.Cause {
	case CausedByCaller:
		return &CancelledError{Failure: f}
	case CausedByTimeout:
		return &TimedOutError{f, policy.FieldTimeout}
	case CausedByIdleLink:
		return &TimedOutError{f, policy.FieldStallTimeout}
	case CausedByStall, CausedByThrottle, CausedByMirror:
		return &NotConvergedError{f}
	case CausedBySilence, CausedByNoStart:
		return &FailedError{f}
	case NoCause:
	}
	if f.Course.Aborted {
		return &CancelledError{Failure: f}
	}
	return &FailedError{f}
}
