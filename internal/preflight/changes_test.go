package preflight_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// TestAssess_changes: the checks look at the definition for the destination, and a change cures
// what they find without it. What only the source can answer is asked by its own definition.
func TestAssess_changes(t *testing.T) {
	t.Parallel()
	const nic = "interface 52:54:00:00:00:01"
	for name, test := range map[string]struct {
		guest   string
		plant   func(*scene)
		changes definition.Changes
		without string
	}{
		"bridge": {domain("qemu", "", bridged), func(s *scene) {
			s.there.Devices.Interfaces = []string{"br9"}
			s.here.Paths["/sys/class/net/br7"] = true
		}, definition.Changes{Interfaces: map[string]string{"br7": "br9"}}, "bridges " + nic},
		"network": {domain("qemu", "", networked), func(s *scene) {
			s.there.Nets = []preflight.Network{{Name: "wan", Active: true, Bridge: "br7"}}
		}, definition.Changes{Interfaces: map[string]string{"lan": "wan"}}, "networks interface 52:54:00:00:00:02"},
		"disk": {domain("qemu", "", disk), func(s *scene) {
			s.there.Listed = map[string]preflight.Presence{"/images/web.qcow2": preflight.Absent}
			s.there.Paths["/srv/web.qcow2"] = true
		}, definition.Changes{Disks: map[string]string{"vda": "/srv/web.qcow2"}}, "files disk vda"},
		"address": {domain("qemu", "", vnc), func(s *scene) {
			s.here.Own, s.there.Own = []netip.Addr{netip.MustParseAddr("10.0.0.1")}, []netip.Addr{netip.MustParseAddr("10.0.0.2")}
		}, definition.Changes{GraphicsListen: "10.0.0.2"}, "listen_addresses graphics vnc"},
		"NVRAM": {domain("qemu", loader, ""), func(s *scene) {
			delete(s.there.Paths, "/nvram")
			s.there.Paths["/vars"] = true
		}, definition.Changes{NVRAM: "/vars/web.fd"}, "firmware NVRAM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.here.Definition = test.guest
				test.plant(s)
				s.request.Thorough = true
				found := func() string {
					var all []string
					for _, f := range preflight.Assess(s.Context(), s.request).Findings {
						all = append(all, string(f.Check)+" "+f.Device)
					}
					return strings.Join(all, ", ")
				}
				if got := found(); got != test.without {
					t.Errorf("without the change it finds %q, want %q", got, test.without)
				}
				s.request.Changes.Move = test.changes
				var begun migration.Parameters
				s.here.BeginAnswers = func(p migration.Parameters) error { begun = p; return nil }
				if got := found(); got != "" {
					t.Errorf("with the change it finds %q", got)
				}
				if changed, err := definition.Apply(test.guest, s.request.Changes); err != nil || string(begun.Changed.Running) != changed.XML {
					t.Errorf("the source was asked about %q, %v", string(begun.Changed.Running), err)
				}
			})
		})
	}
}

// TestAssess_toldChanges: what a move does not ask for itself is said, and what it asks for and
// the VM does not have is an error.
func TestAssess_toldChanges(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.furnished()
		s.here.Definition = domain("qemu", "", bridged+disk)
		s.request.Changes = definition.Request{
			Move: definition.Changes{Disks: map[string]string{"vdx": "/images/web.qcow2"}},
			Host: definition.Changes{Interfaces: map[string]string{"br7": "lo"}},
		}
		var got []string
		for _, f := range preflight.Assess(s.Context(), s.request).Findings {
			allowed(t, f)
			got = append(got, f.String())
		}
		want := "destination_changes: device is changed, interface 52:54:00:00:00:01 on kvm2; destination_changes: nothing to change on kvm1"
		if told := strings.Join(got, "; "); told != want {
			t.Errorf("got %s\nwant %s", told, want)
		}
	})
}
