package host

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// A migration is asked about on its own connection, which outlives a question that is not answered: its end would end
// the migration. Where it is lost, the question is asked on the control connection.
func TestJobIsAskedForOnTheMigrationsConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const vm = "9f97de21-074b-4b7b-b3dc-f7087a4085c9"
		control, controlStream := rpctest.Start(t)
		carrier, carrierStream := rpctest.Start(t, rpctest.ProcJobStats)
		h := newHostBehind(t, func(context.Context) (net.Conn, error) { return controlStream, nil },
			WithDeadlines(Deadlines{Call: 50 * time.Millisecond}))
		c, err := rpc.Open(t.Context(), carrierStream, "qemu:///system", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		end := h.work.carry(vm, c)

		var late *rpc.TimeoutError
		if _, err := h.Job(t.Context(), vm); !errors.As(err, &late) {
			t.Errorf("not answered: got %v, want a timeout", err)
		}
		if !c.Usable() || control.Calls(rpctest.ProcJobStats) > 0 {
			t.Errorf("the connection can be used: %t; %d questions came on the control connection",
				c.Usable(), control.Calls(rpctest.ProcJobStats))
		}
		close(carrier.Release)
		eventually(t, "it is answered on its own connection", func() bool {
			_, err := h.Job(t.Context(), vm)
			return err == nil && control.Calls(rpctest.ProcJobStats) == 0
		})
		if err := c.Close(t.Context(), time.Minute); err != nil {
			t.Error(err)
		}
		if _, err := h.Job(t.Context(), vm); err != nil || control.Calls(rpctest.ProcJobStats) != 1 {
			t.Errorf("lost: %v, and %d questions on the control connection", err, control.Calls(rpctest.ProcJobStats))
		}
		end()
		if h.work.carrier(vm) != nil {
			t.Error("it is still asked about on a connection that carries nothing")
		}
	})
}
