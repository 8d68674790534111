package lab

import (
	"context"
	"slices"

	"libvirt.org/go/libvirtxml"
)

// Part is something that a guest has beside its memory and its load: [Disk], [CDROM], [Interface], [VNC], [UEFI],
// [TPM], [HugePages], [Notes]. A guest may have several of a kind, where libvirt allows it.
type Part interface {
	// describe adds the part to the guest's definition.
	describe(g *Guest, domain *libvirtxml.Domain)
}

// creator is a part that needs something on a host before the guest is defined, such as a file.
type creator interface {
	create(ctx context.Context, g *Guest) error
}

// With returns the spec of a guest that has these parts, too.
func (s GuestSpec) With(parts ...Part) GuestSpec {
	s.Parts = append(slices.Clone(s.Parts), parts...)
	return s
}

// Typical is the guest that people have: on a q35 machine a qcow2 disk on shared storage, an ISO in its drive, a
// network interface on the bridge and one on the libvirt network, a VNC console with a password, autostart, a title, a
// description and metadata of another program. It boots the same kernel as an idle guest, as fast.
func Typical(name string) GuestSpec {
	return GuestSpec{Name: name, Machine: "q35", Autostart: true}.With(
		Disk{}, CDROM{}, Interface{Bridge: Bridge}, Interface{Network: Network}, VNC{Password: VNCPassword},
		Notes{
			Title:       "Shop front",
			Description: "Serves the shop.\nOwner: web team <web@example.com>",
			Metadata:    OtherMetadata,
		},
	)
}
