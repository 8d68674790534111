//go:build lab

package host_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// The lists say of each domain what a question about it alone says; the plain one leaves its memory out.
func TestDomains(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	want, detailed := map[string]host.ListedDomain{}, map[string]host.DetailedDomain{}
	for _, spec := range []lab.GuestSpec{
		{Bare: true, Autostart: true},
		{Bare: true, State: lab.Paused},
		{Bare: true, State: lab.Inactive},
		{Bare: true, Transient: true},
	} {
		d, err := h.Domain(testContext(t), w.StartGuest(t, spec).UUID)
		if err != nil {
			t.Fatal(err)
		}
		detailed[d.UUID] = host.DetailedDomain{Domain: d, VCPUs: 1, Autostart: spec.Autostart}
		d.MemoryBytes = 0
		want[d.UUID] = host.ListedDomain{Domain: d}
	}
	left := w.StartGuest(t, lab.GuestSpec{Bare: true})
	w.Hosts[0].MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", left.Name, w.Hosts[1].PeerURI)
	d, err := h.Domain(testContext(t), left.UUID)
	if err != nil {
		t.Fatal(err)
	}
	detailed[d.UUID] = host.DetailedDomain{Domain: d, VCPUs: 1}
	d.MemoryBytes = 0
	want[d.UUID] = host.ListedDomain{Domain: d}
	listed, err := h.Domains(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]host.ListedDomain{}
	for _, d := range listed {
		if _, ours := want[d.UUID]; ours {
			got[d.UUID] = d
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("asked for alone (-) and listed (+):\n%s", diff)
	}
	withDetails, err := h.DetailedDomains(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	gotDetailed := map[string]host.DetailedDomain{}
	for _, d := range withDetails {
		if _, ours := detailed[d.UUID]; ours {
			d.VCPUTime, d.ResidentBytes = 0, 0 // they change from one moment to the next
			gotDetailed[d.UUID] = d
		}
	}
	if diff := cmp.Diff(detailed, gotDetailed); diff != "" {
		t.Errorf("asked for alone (-) and listed with details (+):\n%s", diff)
	}
}
