//go:build lab

package fleet

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestFind_hostDown wants an error over a host that is down to tell what the
// others have said.
func TestFind_hostDown(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"})
	const hidden = "VM %s is running neither on kvm1 nor on kvm3; whether it is running on kvm2 is not known, because kvm2 does not answer"
	for name, test := range map[string]struct {
		down        string
		unreachable Unreachable
		want        func(vm string) string
	}{
		"another one":              {"kvm1", UnreachableError, func(string) string { return "VM " + guest.Name + " is running on kvm2" }},
		"the VM's own":             {"kvm2", UnreachableError, func(vm string) string { return fmt.Sprintf(hidden, vm) }},
		"the VM's own, and may be": {"kvm2", UnreachableWarn, func(vm string) string { return fmt.Sprintf(hidden, vm) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, labConfig(t, test.unreachable, test.down))
			for _, vm := range []string{guest.Name, guest.UUID} {
				_, err := f.Find(testContext(t), vm, "")
				var look interface{ Whereabouts() string }
				if !errors.As(err, &look) {
					t.Fatalf("error %v does not say where the VM is", err)
				}
				if diff := cmp.Diff(test.want(vm), look.Whereabouts()); diff != "" {
					t.Errorf("whereabouts of %s (-want +got):\n%s", vm, diff)
				}
			}
		})
	}
}
