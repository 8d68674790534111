package preflight_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

const (
	baseImage = "/images/base.qcow2"
	// qcow2Base is what libvirt has found below an image.
	qcow2Base = `<backingStore type='file'><format type='qcow2'/><source file='/images/base.qcow2'/><backingStore/></backingStore>`
)

// overlaid has the VM's disk be an overlay of an image that both hosts have, by what libvirt has found.
func (s *scene) overlaid(backing string) {
	s.copying()
	s.policy(policy.Policy{CopyStorage: new(policy.CopyIncremental)})
	s.here.Live = domain("qemu", "", strings.Replace(overlay, "BACKING", backing, 1))
	base := storage.Volume{Path: baseImage, Pool: "images", Format: "qcow2", Capacity: 8 << 20, Length: 5}
	s.here.Volumes[baseImage], s.there.Volumes = base, map[string]storage.Volume{baseImage: base}
	s.there.Listed[baseImage] = preflight.Present
}

// What an incremental copy is an overlay of, QEMU on the source has open. A list of a pool may be of the time before
// that, or name a format that nobody knows.
func TestAssess_incrementalCopies(t *testing.T) {
	t.Parallel()
	const none, unknown = "copied_disks: no such backing file, disk vda on kvm2", "copied_disks: backing file not known, disk vda on kvm2"
	lists := func(backing, format string) func(*scene) {
		return func(s *scene) {
			image := s.here.Volumes[webImage]
			image.Backing, image.BackingFormat = backing, format
			s.here.Volumes[webImage] = image
		}
	}
	for name, test := range map[string]struct {
		backing string
		plant   func(*scene)
		refused string
	}{
		"a list that says so":         {qcow2Base, lists(baseImage, "qcow2"), ""},
		"a list of the time before":   {qcow2Base, lists("", ""), ""},
		"a list that names raw":       {qcow2Base, lists(baseImage, "raw"), ""},
		"a list that names another":   {qcow2Base, lists("/images/old.qcow2", "qcow2"), ""},
		"an image that is in no list": {qcow2Base, func(s *scene) { delete(s.here.Volumes, webImage) }, ""},
		"no format":                   {strings.Replace(qcow2Base, "<format type='qcow2'/>", "", 1), lists(baseImage, "qcow2"), unknown},
		"not to its end":              {strings.Replace(qcow2Base, "<backingStore/>", "", 1), lists(baseImage, "qcow2"), unknown},
		"libvirt has not looked":      {"", lists(baseImage, "qcow2"), unknown},
		"a part of a file": {
			strings.Replace(qcow2Base, "qcow2'/><backing", "qcow2'><slices><slice type='storage' offset='512' size='1024'/></slices></source><backing", 1),
			lists(baseImage, "qcow2"), unknown,
		},
		"another format there":             {qcow2Base, func(s *scene) { s.base(func(v *storage.Volume) { v.Format = "raw" }) }, none},
		"an overlay there":                 {qcow2Base, func(s *scene) { s.base(func(v *storage.Volume) { v.Backing = "/images/x" }) }, none},
		"a base that is not there":         {qcow2Base, func(s *scene) { delete(s.there.Volumes, baseImage) }, none},
		"a base that the source lists not": {qcow2Base, func(s *scene) { delete(s.here.Volumes, baseImage) }, none},
		"pools that do not list anew": {qcow2Base, func(s *scene) {
			s.request.Fresh = true
			s.here.Before("RefreshPool", takes(2*time.Minute))
		}, none + ": the storage pool images on kvm1 did not list its volumes anew within 1m0s"},
		"over the network": {
			`<backingStore type='network'><format type='raw'/><source protocol='nbd' name='x'><host name='nas'/></source><backingStore/></backingStore>`,
			lists("nbd://nas/x", "raw"), unknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.overlaid(test.backing)
				test.plant(s)
				a := preflight.Assess(s.Context(), s.request)
				if len(a.Disks) != 1 {
					s.Fatalf("disks are %v, unchecked %v", a.Disks, a.Unchecked)
				}
				if test.refused != "" {
					if !slices.ContainsFunc(a.Errors(), func(f migration.Finding) bool { return f.String() == test.refused }) {
						s.Errorf("findings are %v, and %+v", a.Findings, a.Disks[0])
					}
					return
				}
				v := a.Disks[0].Volume(policy.CopyIncremental)
				if a.Disks[0].Fate != storage.Created || v.Backing != baseImage || v.BackingFormat != "qcow2" {
					s.Errorf("%s (%s) as an overlay of %q in format %q", a.Disks[0].Fate, a.Disks[0].Obstacle, v.Backing, v.BackingFormat)
				}
			})
		})
	}
}

// An image below which libvirt has found none is copied into one that is no overlay, whatever a list says.
func TestAssess_incrementalCopyOfNoOverlay(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.overlaid("<backingStore/>")
		image := s.here.Volumes[webImage]
		image.Backing, image.BackingFormat = baseImage, "qcow2"
		s.here.Volumes[webImage] = image
		a := preflight.Assess(s.Context(), s.request)
		if d := a.Disks[0]; d.Fate != storage.Created || d.Volume(policy.CopyIncremental).Backing != "" {
			s.Errorf("%s (%s): %+v", d.Fate, d.Obstacle, d.Volume(policy.CopyIncremental))
		}
	})
}

// base changes the image that the destination has below the disk's.
func (s *scene) base(change func(*storage.Volume)) {
	v := s.there.Volumes[baseImage]
	change(&v)
	s.there.Volumes[baseImage] = v
}
