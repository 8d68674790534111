package migration

import (
	"errors"
	"fmt"
)

// Step is one of the calls of a direct migration, by what it makes a host do.
type Step string

// The steps.
const (
	StepBegin   Step = "begin the migration"
	StepPrepare Step = "prepare for the VM"
	StepPerform Step = "send the VM's memory"
	StepFinish  Step = "start the VM"
	StepConfirm Step = "confirm that the migration has ended"
)

// StepError is a step of a direct migration that failed. Where Err is Lost, the step
// may have been made.
type StepError struct {
	Host string
	Step Step
	Err  error
}

func (e *StepError) Error() string {
	switch {
	case errors.Is(e.Err, ErrUnsent):
		return fmt.Sprintf("%s could not be told to %s: %s", e.Host, e.Step, e.Err)
	case Lost(e.Err):
		return fmt.Sprintf("%s did not answer when it was to %s: %s", e.Host, e.Step, e.Err)
	}
	return fmt.Sprintf("%s could not %s: %s", e.Host, e.Step, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }
