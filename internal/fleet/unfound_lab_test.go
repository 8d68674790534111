//go:build lab

package fleet

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestFind_hostDown wants an error over a host that is down to tell what the
// others have said.
func TestFind_hostDown(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"})
	for name, test := range map[string]struct {
		down        string
		unreachable Unreachable
		want        []string
	}{
		"another one":              {"kvm1", UnreachableError, []string{"kvm1 ?", "kvm2 running", "kvm3 -"}},
		"the VM's own":             {"kvm2", UnreachableError, []string{"kvm1 -", "kvm2 ?", "kvm3 -"}},
		"the VM's own, and may be": {"kvm2", UnreachableWarn, []string{"kvm1 -", "kvm2 ?", "kvm3 -"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, labConfig(t, test.unreachable, test.down))
			for _, vm := range []string{guest.Name, guest.UUID} {
				_, err := f.Find(testContext(t), vm, "")
				var failed interface {
					Whereabouts() migration.Whereabouts
				}
				if !errors.As(err, &failed) {
					t.Fatalf("error %v does not say where the VM is", err)
				}
				if diff := cmp.Diff(test.want, said(failed.Whereabouts().Hosts)); diff != "" {
					t.Errorf("whereabouts of %s (-want +got):\n%s", vm, diff)
				}
			}
		})
	}
}

// said is what each host said of a VM: its state, "-" where there is none, and "?"
// where the host does not answer.
func said(hosts []migration.Observation) []string {
	texts := make([]string, len(hosts))
	for i, o := range hosts {
		switch {
		case !o.Known():
			texts[i] = o.Host + " ?"
		case o.Err != nil:
			texts[i] = o.Host + " -"
		default:
			texts[i] = o.Host + " " + o.Domain.State.String()
		}
	}
	return texts
}
