package host

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
)

// Cordon is the host's own record, which is empty where there is none, and on a host without libvirt's secret driver,
// which cannot be cordoned. One that cannot be read is a *cordon.NewerVersionError or a *cordon.InvalidError.
func (h *Host) Cordon(ctx context.Context) (cordon.Record, error) {
	document, err := h.Record(ctx, Itself)
	switch {
	case isWithoutDriver(err), err == nil && document == nil:
		return cordon.Record{}, nil
	case err != nil:
		return cordon.Record{}, err
	}
	return cordon.Decode(*document)
}

// SetCordon writes the host's own record, or removes one that would say nothing.
func (h *Host) SetCordon(ctx context.Context, r cordon.Record) error {
	if !r.Says() {
		return h.DeleteRecord(ctx, Itself)
	}
	document, err := r.Encode()
	if err != nil {
		return h.fail("write the host's own record", err)
	}
	return h.WriteRecord(ctx, Itself, document)
}
