//go:build lab

package host_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestDomainNames lists domains of every kind, by the names that they were given.
func TestDomainNames(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	want := map[string]string{}
	for _, spec := range []lab.GuestSpec{
		{}, {State: lab.Inactive}, {Transient: true}, {State: lab.Paused}, {State: lab.Inactive, Name: "u\u0308ber"},
	} {
		spec.Bare = true
		guest := w.StartGuest(t, spec)
		want[guest.UUID] = guest.Name
	}
	w.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive, Host: w.Hosts[1].Name})
	got, err := h.DomainNames(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names by UUID (-want +got):\n%s", diff)
	}
}
