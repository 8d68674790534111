//go:build lab

package defects

import (
	"fmt"
	"os"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// secretID is the UUID of the secret of an encrypted disk, and secretValue what it holds, in base64.
const (
	secretID    = "6c616273-0000-4000-8000-000000000001"
	secretValue = "c2hvcA=="
)

// bindingDefects are about what binds a guest to its host beside devices: secrets, and CPUs.
func bindingDefects() []defect {
	return []defect{
		{
			name: "secret of an encrypted disk missing", guest: paused(encryptedDisk(lab.Images + "/encrypted.img")), short: true,
			prepare: func(s *scene) {
				s.secret(secretID, secretValue)
				s.encryptedImage(lab.Images+"/encrypted.img", secretValue)
			},
			check: preflight.CheckSecrets, host: "kvm2", device: "disk vda",
			remedy: command("virsh secret-dumpxml", "virsh secret-define", "virsh secret-get-value", "virsh secret-set-value"),
		},
		{
			// The lab's hosts are one machine: the source lacks the CPU, too, and starts the guest on the other.
			name: "one of two CPUs missing that a vCPU is bound to", guest: paused(lab.Edit(func(d *libvirtxml.Domain) {
				d.CPUTune = &libvirtxml.DomainCPUTune{VCPUPin: []libvirtxml.DomainCPUTuneVCPUPin{{VCPU: 0, CPUSet: "0,900"}}}
			})),
			check: preflight.CheckPlacement, host: "kvm2", device: "vcpu 0", warning: true,
			remedy: act("virsh vcpupin", func(s *scene) {
				s.source.MustVirsh(s, "vcpupin", s.guest.UUID, "0", "0", "--live", "--config")
			}),
		},
	}
}

// encryptedDisk is a LUKS image, which QEMU opens with the secret.
func encryptedDisk(path string) lab.Part {
	return lab.Edit(func(d *libvirtxml.Domain) {
		d.Devices.Disks = append(d.Devices.Disks, libvirtxml.DomainDisk{
			Device: "disk", Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw"},
			Source: &libvirtxml.DomainDiskSource{
				File: &libvirtxml.DomainDiskSourceFile{File: path},
				Encryption: &libvirtxml.DomainDiskEncryption{
					Format: "luks", Secrets: []libvirtxml.DomainDiskSecret{{Type: "passphrase", UUID: secretID}},
				},
			},
			Target: &libvirtxml.DomainDiskTarget{Dev: "vda", Bus: "virtio"},
		})
	})
}

// secret defines a secret on the source; no host has it after the test.
func (s *scene) secret(id, value string) {
	s.Helper()
	s.source.MustVirsh(s, "secret-define", s.write(fmt.Sprintf(
		`<secret ephemeral="no" private="no"><uuid>%s</uuid><description>Opens a disk</description></secret>`, id)))
	s.Cleanup(func() {
		for _, h := range s.world.Hosts {
			_, _ = h.Virsh(s.after(), "secret-undefine", id)
		}
	})
	s.source.MustVirsh(s, "secret-set-value", id, "--file", s.write(value))
}

// encryptedImage makes a LUKS image that both hosts have, with a passphrase in base64.
func (s *scene) encryptedImage(path, passphrase string) {
	s.Helper()
	s.Cleanup(func() {
		for _, h := range s.world.Hosts {
			_ = os.Remove(h.File(path))
		}
	})
	s.run(s.source, "qemu-img", "create", "-q", "-f", "luks", "--object", "secret,id=disk,format=base64,data="+passphrase,
		"-o", "key-secret=disk,iter-time=10", path, "1M")
	s.must(os.Link(s.source.File(path), s.destination.File(path)))
}
