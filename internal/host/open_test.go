package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// testTimeout bounds one test's calls, above every deadline of a host.
const testTimeout = 2 * time.Minute

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

func open(t *testing.T, cfg host.Config, options ...host.Option) *host.Host {
	t.Helper()
	h, err := host.New(cfg, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// ping finds out whether a host answers.
func ping(ctx context.Context, h *host.Host) error {
	_, err := h.Memory(ctx)
	return err
}
