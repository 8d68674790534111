package host

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// procSecretDefine is the procedure that takes a lease.
const procSecretDefine = 142

// A lease may have been taken by a call that was not answered, also where the daemon cannot be reached any more.
func TestTakeLease_outcomeUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dialled, release := false, make(chan struct{})
		defer close(release)
		h := newHostBehind(t, func(context.Context) (net.Conn, error) {
			if dialled {
				return nil, &transport.Error{Reason: "refused"}
			}
			dialled = true
			d, near := rpctest.Start(t, procSecretDefine)
			d.Release = release
			return near, nil
		})
		err := h.TakeLease(t.Context(), Lease{UUID: "6c616273-0000-4000-8000-00000000000a", Name: "virt-lease-in-1"}, "")
		if !errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("got %v, want %v", err, ErrOutcomeUnknown)
		}
	})
}

// Only libvirt's own word means that a host keeps no leases.
func TestKeepsNoLeases(t *testing.T) {
	t.Parallel()
	for code, want := range map[libvirt.ErrorNumber]bool{
		libvirt.ErrNoSupport:         true,  // no secret driver
		libvirt.ErrAccessDenied:      true,  // by polkit
		libvirt.ErrOperationDenied:   true,  // a read-only connection
		libvirt.ErrConfigUnsupported: true,  // libvirt before 5.6 does not know the usage
		libvirt.ErrInternalError:     false, // it is taken, or was
		libvirt.ErrSystemError:       false,
		libvirt.ErrOperationTimeout:  false,
	} {
		h := newHostBehind(t, func(context.Context) (net.Conn, error) {
			d, near := rpctest.Start(t)
			d.Reply = func(procedure uint32) (uint32, []byte) {
				if procedure == procSecretDefine {
					return rpctest.StatusError, errorReply(code, "no")
				}
				return rpctest.StatusOK, rpctest.Payload(procedure)
			}
			return near, nil
		})
		err := h.TakeLease(t.Context(), Lease{UUID: "6c616273-0000-4000-8000-00000000000a", Name: "virt-lease-in-1"}, "")
		if err == nil || KeepsNoLeases(err) != want {
			t.Errorf("code %d: keeps none %t, want %t: %v", code, !want, want, err)
		}
	}
}
