package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// remedies are what to do about what keeps a VM from being moved, in the same words whether
// a check finds it or libvirt refuses the move for it. Each command stands with its host.
type remedies struct {
	migration.Subject
	// host is the host at fault.
	host string
}

// remediesOf are those for a finding.
func remediesOf(f migration.Finding) remedies { return remedies{f.Subject, f.Host} }

// edit changes the VM's definition.
func (r remedies) edit() string { return fmt.Sprintf("`virsh edit %s` on %s", r.UUID, r.Source) }

// otherCPU gives the VM a CPU that both hosts have.
func (r remedies) otherCPU() string {
	return fmt.Sprintf("A CPU that both hosts have is printed by `virsh hypervisor-cpu-baseline --migratable FILE` on "+
		"either, FILE with the output of `virsh capabilities` of both; %s sets it for the next start.", r.edit())
}

// invariantTSC lets a guest with the CPU feature invtsc be moved.
func (r remedies) invariantTSC() string {
	return fmt.Sprintf("Remove the feature, or set <timer name='tsc' frequency='HZ'/>: %s, and start the VM anew.",
		r.edit())
}

// emulator puts a QEMU where the VM wants it.
func (r remedies) emulator(path string) string {
	return fmt.Sprintf("Install QEMU there at that path, or a link to it: `virsh domcapabilities --emulatorbin %s` on "+
		"%s tries it. %s", word(path), r.host, otherwise("emulator"))
}

// machineType gives the host a QEMU with the VM's machine type.
func (r remedies) machineType(emulator string) string {
	if emulator == "" {
		emulator = "qemu-system-x86_64"
	}
	return fmt.Sprintf("Install a QEMU there that has it: `%s -machine help` on %s lists those of the one that is "+
		"there.", word(emulator), r.host)
}

// accelerator lets the host run the VM's type of guest.
func (r remedies) accelerator() string {
	return fmt.Sprintf("`virt-host-validate qemu` on %s says what it lacks.", r.host)
}

// memory finds memory for the VM.
func (r remedies) memory() string {
	return fmt.Sprintf("`virsh nodememstats` on %s shows what is free. Stop VMs there, or move some away.", r.host)
}

// hugePages reserves huge pages of a size on the host.
func (r remedies) hugePages(size, count string) string {
	return fmt.Sprintf("Reserve more there: `virsh allocpages --pagesize %s --pagecount %s --add` on %s.",
		size, count, r.host)
}

// lockedMemory lets QEMU lock the guest's memory.
func (r remedies) lockedMemory() string {
	return fmt.Sprintf("Set a hard limit of more than the guest's memory and what QEMU itself needs (`virsh memtune %s "+
		"--hard-limit KIB --live --config` on %s), or set a migration_uri that begins with tcp.", r.UUID, r.Source)
}

// tpm lets the host run an emulated TPM.
func (r remedies) tpm() string {
	return fmt.Sprintf("Install swtpm and swtpm-tools on %s, and restart its libvirt.", r.host)
}

// hostDevice lets a VM be moved that uses a device of its host.
func (r remedies) hostDevice() string {
	return fmt.Sprintf("Take it out while the VM moves (`virsh detach-device %s FILE --live` on %s), or "+
		"plug one in there.",
		r.UUID, r.Source)
}

// name lets two VMs be on one host. The UUID is that of the one that is there.
func (r remedies) name(uuid string) string {
	return fmt.Sprintf("Give one of them another name: `virsh domrename %s NEW-NAME` on %s, while that VM is shut off.",
		uuid, r.host)
}

// job is waited for before a move.
func (r remedies) job() string {
	return fmt.Sprintf("It must end first: `virsh domjobinfo %s` on %s shows its progress.", r.UUID, r.host)
}

// hostname lets memory find its way to the host.
func (r remedies) hostname() string {
	return fmt.Sprintf("Set migration_uri of %s in the provider's configuration, or give the host a name: "+
		"`hostnamectl set-hostname NAME` on %s.", r.host, r.host)
}

// pins bind the VM to CPUs and NUMA nodes that both hosts have.
func (r remedies) pins() string {
	return fmt.Sprintf("`virsh vcpupin %s`, `virsh emulatorpin %s`, `virsh iothreadpin %s ID CPUS` and `virsh numatune "+
		"%s` on %s show what it is bound to, and bind it to others.", r.UUID, r.UUID, r.UUID, r.UUID, r.Source)
}

// securityModel lets the host use the security model of the VM's label.
func (r remedies) securityModel() string {
	return fmt.Sprintf("`virsh capabilities` on %s lists those that it uses (<secmodel>). Use the same on both hosts "+
		"(security_driver in /etc/libvirt/qemu.conf), or take <seclabel> out: %s, and start the VM anew.", r.host, r.edit())
}
