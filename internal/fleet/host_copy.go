package fleet

import (
	"context"
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// removeCopy removes one host's copy, and returns it as it was. Another cluster's
// stays, and so does one that another instance has declared.
func (f *Fleet) removeCopy(ctx context.Context, h *host.Host, d Declaration) (c Copy, removed bool, err error) {
	release, err := f.alone(ctx, h.Name(), d.level().String())
	if err != nil {
		return Copy{}, false, err
	}
	defer release()
	c, err = hostCopy(ctx, h, d.level())
	switch {
	case err != nil:
		return Copy{}, false, err
	case c.newer() != nil:
		return Copy{}, false, c.newer()
	case !d.claims(c), d.redeclared(c):
		return c, false, nil
	}
	defer f.census.forgetLevels(h.Name())
	if err := h.DeleteRecord(ctx, d.level()); err != nil {
		return Copy{}, false, err
	}
	return c, true, nil
}

// writeCopy writes one host's copy, unless it says what is declared and by whom
// already, and reads it back. It first reads the present copy once more: two resources
// of one apply may both want the host, and have found it free. taken has another owner's
// copy as it was before.
func (f *Fleet) writeCopy(ctx context.Context, h *host.Host, d Declaration) (written Copy, taken []Copy, err error) {
	release, err := f.alone(ctx, h.Name(), d.level().String())
	if err != nil {
		return Copy{}, nil, err
	}
	defer release()
	present, err := hostCopy(ctx, h, d.level())
	switch {
	case err != nil:
		return Copy{}, nil, err
	case d.settled(present):
		return present, nil, nil
	case d.held(present):
		return Copy{}, nil, &HeldError{Host: h.Name(), Cluster: present.Record.Cluster}
	case present.newer() != nil:
		return Copy{}, nil, present.newer()
	}
	if err := d.unexpected(present); err != nil {
		return Copy{}, nil, err
	}
	document, err := d.encode(present)
	if err != nil {
		return Copy{}, nil, fmt.Errorf("host %q: %w", h.Name(), err)
	}
	defer f.census.forgetLevels(h.Name())
	if err := h.WriteRecord(ctx, d.level(), document); err != nil {
		return Copy{}, nil, err
	}
	if written, err = hostCopy(ctx, h, d.level()); err != nil {
		return Copy{}, nil, err
	}
	if drift := d.drift(written); len(drift) > 0 {
		return Copy{}, nil, &OverwrittenError{Drift: drift}
	}
	return written, d.takenFrom([]Copy{present}), nil
}

// unexpected is why a copy must not be written over: it is not what the plan saw.
// A copy that has vanished can be written, and so can one that says what is declared.
// Where the plan saw nothing at all, on a host that joins, a copy that says something
// else is an *ExistsError.
func (d Declaration) unexpected(c Copy) error {
	saw, compared := d.Seen[c.HostUUID]
	switch {
	case c.Document == nil, d.matchesCopy(c), compared && saw == d.sees(c):
		return nil
	case compared:
		return &ChangedError{Drift: d.drift(c)[0]}
	}
	return asJoining(d.prevents(c))
}

// asJoining marks the error of a host that joins those that have the record.
func asJoining(err error) error {
	var exists *ExistsError
	if errors.As(err, &exists) {
		exists.Joins = true
	}
	return err
}
