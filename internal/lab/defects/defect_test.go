//go:build lab

package defects

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// defect is something that keeps a VM from being moved.
type defect struct {
	name string
	// guest is paused before its first instruction unless its state says otherwise.
	guest lab.GuestSpec
	// prepare makes on the hosts what the guest needs before it is started.
	prepare func(*scene)
	// plant makes the defect.
	plant func(*scene)
	// check must find it, on the host and device; the device is what its name begins with.
	check        migration.Check
	host, device string
	warning      bool
	// thorough is true where reading alone does not tell.
	thorough bool
	remedy   remedy
	// heal is true for one after which the lab must be healed.
	heal bool
	// short is true for one that every run of the tests makes.
	short bool
}

// What finds a defect.
const (
	byPlan     = "plan"
	byThorough = "thorough"
)

// paused is a guest without a kernel that is paused, and starts in no time.
func paused(parts ...lab.Part) lab.GuestSpec {
	return lab.GuestSpec{Bare: true, State: lab.Paused}.With(parts...)
}

// try plants the defect, looks for it, follows the remedy, and looks again.
func (d defect) try(t *testing.T) (r row) {
	t.Helper()
	r = row{defect: d.name, failed: true}
	if d.prepare != nil {
		d.prepare(emptyScene(t))
	}
	s := newScene(t, d.guest)
	if d.heal {
		s.world.HealAfter(t)
	}
	if d.plant != nil {
		d.plant(s)
	}
	reading, thorough := s.assess(false), s.assess(true)
	found := d.among(thorough)
	read := d.among(reading) != nil
	if found == nil {
		r.foundBy = "**not found**"
		t.Errorf("not found; found %v, not checked %v", thorough.Findings, thorough.Unchecked)
		return r
	}
	r.foundBy = byThorough
	if read {
		r.foundBy = byPlan
	}
	advised := explain.Advise(*found)
	r.finding, r.advised = *found, advised
	d.compare(t, *found, read)
	d.nothingElse(t, thorough)
	r.followed = d.remedy.follow(s, advised)
	if left := s.assess(true); len(left.Findings) > 0 || len(left.Notable()) > 0 {
		t.Errorf("after the remedy is found %v, and not checked %v", left.Findings, left.Notable())
	}
	r.failed = t.Failed()
	return r
}

// among is the finding of the defect's check; nil where there is none.
func (d defect) among(a preflight.Assessment) *migration.Finding {
	i := slices.IndexFunc(a.Findings, func(f migration.Finding) bool { return f.Check == d.check })
	if i < 0 {
		return nil
	}
	return &a.Findings[i]
}

func (d defect) compare(t *testing.T, f migration.Finding, read bool) {
	t.Helper()
	if f.Host != d.host || !strings.HasPrefix(f.Device, d.device) || (f.Device == "") != (d.device == "") {
		t.Errorf("found on %q, device %q; want %q, %q", f.Host, f.Device, d.host, d.device)
	}
	if f.Warning != d.warning {
		t.Errorf("it is a warning: %t, want %t", f.Warning, d.warning)
	}
	if read == d.thorough {
		t.Errorf("reading alone tells: %t, want %t", read, !d.thorough)
	}
}

// nothingElse wants no finding but the defect's.
func (d defect) nothingElse(t *testing.T, a preflight.Assessment) {
	t.Helper()
	for _, f := range a.Findings {
		if f.Check != d.check {
			t.Errorf("found, besides: %v", f)
		}
	}
}
