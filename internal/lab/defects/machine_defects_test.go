//go:build lab

package defects

import (
	"os"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// machineDefects are about the emulator, the machine type, the CPU, memory and the TPM.
func machineDefects() []defect {
	other := paused()
	other.Emulator = lab.OtherEmulator
	installed := func(s *scene) {
		_ = os.Remove(s.destination.File(lab.OtherEmulator))
		s.must(s.destination.AddEmulator())
	}
	cpu := func(change func(*libvirtxml.DomainCPU)) lab.GuestSpec {
		return paused(lab.Edit(func(d *libvirtxml.Domain) { change(d.CPU) }))
	}
	return []defect{
		{
			name: "emulator missing", guest: other, short: true,
			prepare: func(s *scene) { _ = os.Remove(s.destination.File(lab.OtherEmulator)) },
			check:   preflight.CheckMachine, host: "kvm2",
			remedy: act("Install QEMU there at that path, or a link to it", installed),
		},
		{
			name: "emulator cannot be executed", guest: other,
			prepare: func(s *scene) { _ = os.Remove(s.destination.File(lab.OtherEmulator)) },
			plant: func(s *scene) {
				s.put(lab.OtherEmulator, []byte("no program"), s.destination)
				s.must(os.Chmod(s.destination.File(lab.OtherEmulator), 0o644))
			},
			check: preflight.CheckMachine, host: "kvm2",
			remedy: act("Install QEMU there at that path, or a link to it", installed),
		},
		{
			name: "CPU feature missing", guest: cpu(func(c *libvirtxml.DomainCPU) {
				c.Features = []libvirtxml.DomainCPUFeature{{Policy: "require", Name: "avx512f"}}
			}),
			check: preflight.CheckCPU, host: "kvm2", remedy: edited(`/avx512f/d`),
		},
		{
			name: "CPU model missing", guest: cpu(func(c *libvirtxml.DomainCPU) { c.Model.Value = "EPYC-Milan" }),
			check: preflight.CheckCPU, host: "kvm2", remedy: edited(`s/EPYC-Milan/qemu64/`),
		},
		{
			name: "less memory in all than the guest's", guest: large(1 << 16),
			check: preflight.CheckMemory, host: "kvm2", warning: true, remedy: command("virsh setmaxmem").then((*scene).restart),
		},
		{
			name: "TPM: no swtpm", guest: paused(lab.TPM{}),
			plant: func(s *scene) {
				for _, program := range []string{"swtpm", "swtpm_setup"} {
					s.must(s.destination.HideProgram(s.context(), program))
					s.Cleanup(func() { _ = s.destination.ShowProgram(s.after(), program) })
				}
				s.must(s.destination.Restart(s.context()))
			},
			check: preflight.CheckTPM, host: "kvm2", device: "tpm",
			remedy: act("Install swtpm and swtpm-tools", func(s *scene) {
				for _, program := range []string{"swtpm", "swtpm_setup"} {
					s.must(s.destination.ShowProgram(s.context(), program))
				}
				s.must(s.destination.Restart(s.context()))
			}),
		},
		{
			name: "huge pages short", guest: paused(lab.HugePages{}),
			prepare: func(s *scene) { s.must(lab.ReserveHugePages(s, 32)) },
			check:   preflight.CheckHugePages, host: "kvm2", warning: true, remedy: command("virsh allocpages"),
		},
	}
}

// large is a guest with more memory than it takes: it is backed by a file with holes.
func large(mib int) lab.GuestSpec {
	spec := paused(lab.Edit(func(d *libvirtxml.Domain) {
		d.MemoryBacking = &libvirtxml.DomainMemoryBacking{
			MemorySource: &libvirtxml.DomainMemorySource{Type: "file"},
			MemoryAccess: &libvirtxml.DomainMemoryAccess{Mode: "shared"},
		}
	}))
	spec.MemoryMiB = mib
	return spec
}
