package preflight_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
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
		with    string // nothing but what is said of a disk that is not copied
	}{
		"bridge": {domain("qemu", "", bridged), func(s *scene) {
			s.there.Devices.Interfaces = []string{"br9"}
			s.here.Paths["/sys/class/net/br7"] = true
		}, definition.Changes{Interfaces: map[string]string{"br7": "br9"}}, "bridges " + nic, ""},
		"network": {domain("qemu", "", networked), func(s *scene) {
			s.there.Nets = []preflight.Network{{Name: "wan", Active: true, Bridge: "br7"}}
		}, definition.Changes{Interfaces: map[string]string{"lan": "wan"}}, "networks interface 52:54:00:00:00:02", ""},
		"disk": {domain("qemu", "", disk), func(s *scene) {
			s.there.Listed = map[string]preflight.Presence{"/images/web.qcow2": preflight.Absent}
			s.there.Paths["/srv/web.qcow2"] = true
		}, definition.Changes{Disks: map[string]string{"vda": "/srv/web.qcow2"}}, "files disk vda", "copy_volumes disk vda"},
		"address": {domain("qemu", "", vnc), func(s *scene) {
			s.here.Own, s.there.Own = []netip.Addr{netip.MustParseAddr("10.0.0.1")}, []netip.Addr{netip.MustParseAddr("10.0.0.2")}
		}, definition.Changes{GraphicsListen: "10.0.0.2"}, "listen_addresses graphics vnc", ""},
		"NVRAM": {domain("qemu", loader, ""), func(s *scene) {
			delete(s.there.Paths, "/nvram")
			s.there.Paths["/vars"] = true
		}, definition.Changes{NVRAM: "/vars/web.fd"}, "firmware NVRAM", ""},
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
				if got := found(); got != test.with {
					t.Errorf("with the change it finds %q, want %q", got, test.with)
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

// TestAssess_persistentChanges: of the persistent definition of a VM that runs only what is not said of the running one
// is said, the source is asked about both, and what fits only one of them is not amiss.
func TestAssess_persistentChanges(t *testing.T) {
	t.Parallel()
	const changed = "destination_changes: device is changed, interface 52:54:00:00:00:01 on kvm2"
	for name, test := range map[string]struct {
		config  string
		changes definition.Changes
		want    string
	}{
		"the same": {bridged, definition.Changes{Interfaces: map[string]string{"br7": "br9"}}, changed},
		"another bridge, which is not changed": {
			strings.ReplaceAll(bridged, "br7", "br5") + disk, definition.Changes{Interfaces: map[string]string{"br7": "br9"}}, changed,
		},
		"another bridge, to one that is missing": {
			strings.ReplaceAll(bridged, "br7", "br5"),
			definition.Changes{Interfaces: map[string]string{"br7": "br9", "br5": "br6"}},
			changed + "; " + changed +
				"; destination_changes: next start: no such bridge or interface, interface 52:54:00:00:00:01 on kvm2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.there.Devices.Interfaces = []string{"br9"}
				s.here.Paths["/sys/class/net/br5"] = true
				s.request.Thorough = true
				s.here.Definition, s.here.Config = domain("qemu", "", bridged), domain("qemu", "", test.config)
				s.request.Changes = definition.Request{Host: test.changes}
				s.request.ConfigChanges = &definition.Request{Host: test.changes}
				var begun migration.Parameters
				s.here.BeginAnswers = func(p migration.Parameters) error { begun = p; return nil }
				var got []string
				for _, f := range preflight.Assess(s.Context(), s.request).Findings {
					allowed(t, f)
					got = append(got, f.String())
				}
				if told := strings.Join(got, "; "); told != test.want {
					t.Errorf("got  %s\nwant %s", told, test.want)
				}
				config, err := definition.Apply(s.here.Config, *s.request.ConfigChanges)
				asked := string(begun.Changed.Persistent)
				if err != nil || len(config.Changes) > 0 && asked != config.XML || len(config.Changes) == 0 && asked != "" {
					t.Errorf("the source was asked about the persistent definition %q, %v", asked, err)
				}
			})
		})
	}
}

// TestAssess_unreadForChanges: a login that may not read the definition learns in the plan that it cannot change it,
// and cannot begin a move.
func TestAssess_unreadForChanges(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{false, true} {
		play(t, func(s *scene) {
			s.furnished()
			s.here.Fails("DomainXML", migration.ErrDenied)
			s.request.Changes = definition.Request{Host: definition.Changes{GraphicsListen: "10.0.0.2"}}
			s.request.Fresh = fresh
			got := preflight.Assess(s.Context(), s.request).Findings
			if len(got) != 1 || got[0].Fact != (preflight.DefinitionDenied{}) || got[0].Warning == fresh || got[0].Host != "kvm1" {
				t.Errorf("right before the start: %v: got %v", fresh, got)
			}
		})
	}
}

// TestAssess_diskTypes: a disk that is a file stays one, and so does a block device.
func TestAssess_diskTypes(t *testing.T) {
	t.Parallel()
	const differs = "destination_changes: disk is of another type, disk vda on kvm2"
	device := strings.NewReplacer("type='file'", "type='block'", "file='/images/web.qcow2'", "dev='/dev/vg/web'").Replace(disk)
	for name, test := range map[string]struct {
		disk, path string
		listed     *storage.Volume
		found      bool
	}{
		"a file, and another":                   {disk, "/srv/web.qcow2", nil, false},
		"a file, and a device by its path":      {disk, "/dev/vg/other", nil, true},
		"a file, and one in shared memory":      {disk, "/dev/shm/web", nil, false},
		"a file, and a device of a pool":        {disk, "/san/web", &storage.Volume{Block: true}, true},
		"a device, and another":                 {device, "/dev/vg/other", &storage.Volume{Block: true}, false},
		"a device, and a file of a pool":        {device, "/images/other", &storage.Volume{}, true},
		"a device, and what no pool has at all": {device, "/by-name/web", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.here.Definition = domain("qemu", "", test.disk)
				s.there.Paths[test.path] = true
				if test.listed != nil {
					s.there.Volumes = map[string]storage.Volume{test.path: *test.listed}
				}
				s.request.Changes.Move.Disks = map[string]string{"vda": test.path}
				found := false
				for _, f := range preflight.Assess(s.Context(), s.request).Findings {
					allowed(t, f)
					found = found || f.String() == differs
				}
				if found != test.found {
					t.Errorf("found: %v, want %v", found, test.found)
				}
			})
		})
	}
}

// TestAssess_persistentChangesOfCopiedDisks: what becomes of the disks is decided by the definition that moves, and
// so is what the source is asked to begin.
func TestAssess_persistentChangesOfCopiedDisks(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.copying()
		s.here.Config = domain("qemu", "", bridged+otherDisk)
		s.request.ConfigChanges = &definition.Request{Host: definition.Changes{Interfaces: map[string]string{"br7": "lo"}}}
		if got := preflight.Assess(s.Context(), s.request).Disks; len(got) != 1 || got[0].Target != "vda" || !got[0].Copied() {
			t.Errorf("got %+v", got)
		}
	})
}
