//go:build lab

package fleet

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// TestChangesOfARecord_givenUp cancels a change that waits for another one of
// the same record.
func TestChangesOfARecord_givenUp(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	f := open(t, labConfig(t, UnreachableError))
	for name, change := range map[string]struct {
		record []string
		change func(context.Context) error
	}{
		"update": {[]string{uuid}, func(ctx context.Context) error {
			_, err := f.UpdateVM(ctx, uuid, "", Declaration{Policy: downtime(500)})
			return err
		}},
		"delete": {[]string{uuid}, func(ctx context.Context) error {
			_, _, err := f.DeleteVM(ctx, uuid, "", Declaration{})
			return err
		}},
		"write on a host": {[]string{"kvm1", host.Cluster.String()}, func(ctx context.Context) error {
			_, _, err := f.writeCopy(ctx, f.hosts[0], compute(downtime(500)))
			return err
		}},
		"removal from a host": {[]string{"kvm1", host.Cluster.String()}, func(ctx context.Context) error {
			_, _, err := f.removeCopy(ctx, f.hosts[0], compute(downtime(500)))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			release, err := f.alone(t.Context(), change.record...)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error)
			go func() { done <- change.change(ctx) }()
			cancel(errCancelled)
			select {
			case err := <-done:
				if !errors.Is(err, errCancelled) {
					t.Errorf("error %v, want the context's", err)
				}
			case <-time.After(time.Minute):
				t.Error("it still waits")
			}
		})
	}
}
