package rpc

import (
	"errors"
	"slices"
	"testing"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// The library drops the domain of an error, which tells which part of libvirt refused, and the system's error number.
func TestRefusalHasItsDomain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ code, domain, wantCode, wantDomain uint32 }{
		"QEMU driver":        {81, 10, 81, 10},
		"no domain":          {38, 0, 38, 0},
		"an absurd domain":   {38, 1 << 20, 38, 0},
		"the highest code":   {1<<12 - 1, 1<<8 - 1, 1<<12 - 1, 1<<8 - 1},
		"a large code":       {1 << 12, 10, 1 << 12, 0},
		"a larger code":      {1<<31 - 1, 10, 1<<31 - 1, 0},
		"no code of an enum": {1<<32 - 1, 10, 1, 10},
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

// A system error has the system's error number, after texts that may be there or not.
func TestRefusalHasItsErrno(t *testing.T) {
	t.Parallel()
	const systemError, other, storage, noEntry, minusOne = 38, 1, 18, 2, 1<<32 - 1
	text := func(s string) []byte { return append(rpctest.Words(1), rpctest.Text(s)...) }
	none := rpctest.Words(0)
	domain := slices.Concat(rpctest.Words(1), rpctest.Text("guest"), make([]byte, 16), rpctest.Words(7))
	for name, test := range map[string]struct {
		code uint32
		rest []byte
		want int
	}{
		"no texts":         {systemError, slices.Concat(none, none, none, none, rpctest.Words(noEntry, minusOne, 0)), noEntry},
		"texts":            {systemError, slices.Concat(none, text("%s"), text("a"), text("bcdef"), rpctest.Words(noEntry, 0, 0)), noEntry},
		"a domain":         {systemError, slices.Concat(domain, none, text("x"), none, rpctest.Words(noEntry, 0, 0)), noEntry},
		"none":             {systemError, slices.Concat(none, none, none, none, rpctest.Words(minusOne, minusOne, 0)), 0},
		"of another error": {other, slices.Concat(none, none, none, none, rpctest.Words(noEntry, 0, 0)), 0},
		"cut off":          {systemError, rpctest.Words(1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := slices.Concat(rpctest.Words(test.code, storage), text("cannot open"), rpctest.Words(2), test.rest)
			err := callAnswered(t, rpctest.ProcJobStats, statusError, said)
			var refused *Refusal
			if !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			if refused.Errno != test.want || refused.Domain != storage || refused.Answer.Code != test.code {
				t.Errorf("got errno %d, %+v", refused.Errno, refused)
			}
		})
	}
}
