//go:build lab

package fleet

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestZZClaim(t *testing.T) {
	w := testLab(t)
	w.StartGuests(t, 3, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	for i := range 12 {
		p := f.places.between(migration.Domain{UUID: vmNumber(i), Name: "x"}, trip{vmNumber(i), "kvm1", "kvm2"})
		a := time.Now()
		wait, err := p.claim(t.Context())
		b := time.Now()
		p.end(t.Context())
		t.Log(wait.Kind, err, b.Sub(a), time.Since(b))
	}
}
