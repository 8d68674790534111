//go:build lab

package defects

import (
	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// guestDefects are about the guest as it is on the source, of which libvirt there judges.
func guestDefects() []defect {
	inactive := paused()
	inactive.State = lab.Inactive
	local := paused(lab.Disk{Local: true})
	return []defect{
		{
			name: "internal snapshot", guest: paused(lab.Disk{}),
			plant: func(s *scene) { s.guest.MustSnapshot(s, s.source, snapshot, false) },
			check: preflight.CheckVerdict, host: "kvm1", remedy: command("virsh snapshot-delete"),
		},
		{
			name: "external snapshot", guest: paused(lab.Disk{}),
			plant: func(s *scene) { s.guest.MustSnapshot(s, s.source, snapshot, true) },
			check: preflight.CheckVerdict, host: "kvm1", remedy: command("virsh snapshot-delete"),
		},
		{
			name: "block job", guest: paused(lab.Disk{}), plant: func(s *scene) { s.guest.MustBlockJob(s, s.source) },
			check: preflight.CheckVerdict, host: "kvm1", remedy: command("virsh blockjob UUID DISK --abort"),
		},
		{
			name: "disk on storage of one host", guest: local, check: preflight.CheckVerdict, host: "kvm1",
			remedy: act("Put it on storage that both hosts share", func(s *scene) { s.toShared(first(s), "vda") }),
		},
		{
			name: "ivshmem in the role of a peer", guest: shared(), check: preflight.CheckVerdict, host: "kvm1",
			remedy: act(`role="master"`, func(s *scene) {
				s.edit("kvm1", "virsh edit "+s.guest.UUID, `s/<shmem name=.ring.[^>]*>/<shmem name="ring" role="master">/`)
			}),
		},
		{
			name: "backup", guest: paused(lab.Disk{}),
			plant: func(s *scene) {
				s.source.MustVirsh(s, "backup-begin", s.guest.UUID, s.write(
					`<domainbackup mode="pull"><server transport="unix" socket="/var/lib/libvirt/backup.socket"/></domainbackup>`))
			},
			check: migration.CheckJob, host: "kvm1",
			remedy: act("It must end first", func(s *scene) { s.source.MustVirsh(s, "domjobabort", s.guest.UUID) }),
		},
		{
			name: "managed-save image beside the running VM", guest: lab.GuestSpec{Bare: true}, plant: func(s *scene) {
				s.source.MustVirsh(s, "managedsave", s.guest.UUID)
				s.source.MustVirsh(s, "restore", "/var/lib/libvirt/qemu/save/"+s.guest.Name+".save")
			},
			check: preflight.CheckSave, host: "kvm1", remedy: command("virsh managedsave-remove"),
		},
		{
			name: "VM shut off", guest: inactive, check: migration.CheckState, host: "kvm1", short: true,
			remedy: command("virsh start"),
		},
	}
}

// shmem is shared memory that the guest does not own: QEMU does not migrate it.
const shmem = `<shmem name="ring" role="peer"><model type="ivshmem-plain"/><size unit="M">1</size></shmem>`

func shared() lab.GuestSpec {
	return paused(lab.Edit(func(d *libvirtxml.Domain) {
		var device libvirtxml.DomainShmem
		if err := device.Unmarshal(shmem); err != nil {
			panic(err) // it is a constant
		}
		d.Devices.Shmems = append(d.Devices.Shmems, device)
	}))
}
