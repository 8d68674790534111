package rpc

import (
	"errors"
	"testing"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// The library drops the domain of an error, which tells which part of libvirt refused.
func TestRefusalHasItsDomain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ code, domain, wantCode, wantDomain uint32 }{
		"QEMU driver":      {81, 10, 81, 10},
		"no domain":        {38, 0, 38, 0},
		"an absurd domain": {38, 1 << 20, 38, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := append(rpctest.Words(test.code, test.domain, 1), rpctest.Text("Unsafe migration")...)
			err := callAnswered(t, rpctest.ProcJobStats, statusError, append(said, rpctest.Words(2)...))
			var refused *Refusal
			var answer libvirt.Error
			if !errors.As(err, &refused) || !errors.As(err, &answer) {
				t.Fatalf("got %v", err)
			}
			if refused.Domain != int(test.wantDomain) || answer.Code != test.wantCode || answer.Message != "Unsafe migration" {
				t.Errorf("got domain %d and %+v", refused.Domain, answer)
			}
		})
	}
}
