package explain

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// What a check finds before a move, and what libvirt refuses it for, is mended in the same way.
func TestFindingsAndRefusalsHaveTheSameRemedy(t *testing.T) {
	t.Parallel()
	there := remedies{web, "kvm2"}
	for kind, c := range map[refusal.Kind]struct {
		device string
		fact   migration.Fact
		remedy string
	}{
		refusal.NameTaken:           {"", preflight.NameTaken{UUID: "UUID"}, there.name("UUID")},
		refusal.BridgeMissing:       {"interface M", preflight.BridgeMissing{Bridge: "NAME"}, there.bridge("NAME")},
		refusal.NetworkMissing:      {"interface M", preflight.NetworkMissing{Network: "NAME"}, there.network("NAME")},
		refusal.NetworkInactive:     {"interface M", preflight.NetworkInactive{Network: "NAME"}, there.inactiveNetwork("NAME")},
		refusal.NetworkFilter:       {"interface M", preflight.FilterMissing{Filter: "NAME"}, there.networkFilter("NAME")},
		refusal.StorageMissing:      {"cdrom TARGET", preflight.PathMissing{Path: "PATH"}, there.file("PATH", "TARGET", false)},
		refusal.PoolMissing:         {"disk vda", preflight.PoolMissing{Pool: "NAME"}, there.pool("NAME")},
		refusal.PoolInactive:        {"disk vda", preflight.PoolInactive{Pool: "NAME"}, there.inactivePool("NAME")},
		refusal.VolumeMissing:       {"disk vda", preflight.VolumeMissing{Pool: "POOL"}, there.volume("POOL")},
		refusal.Firmware:            {"firmware", preflight.PathMissing{Path: "PATH"}, there.firmware("PATH", false)},
		refusal.NVRAM:               {"NVRAM", preflight.DirectoryMissing{Directory: "DIRECTORY"}, there.directory("DIRECTORY")},
		refusal.EmulatorMissing:     {"", preflight.EmulatorMissing{Emulator: "PATH"}, there.emulator("PATH")},
		refusal.MachineMissing:      {"", preflight.MachineTypeMissing{Type: "pc-99"}, there.machineType("")},
		refusal.AccelerationMissing: {"", preflight.AcceleratorMissing{VirtType: "kvm"}, there.accelerator()},
		refusal.CPU:                 {"", preflight.CPUMissing{Reason: "avx2"}, there.otherCPU()},
		refusal.InvariantTSC:        {"cpu", preflight.InvariantTSC{}, there.invariantTSC()},
		refusal.Memory:              {"", preflight.MemoryShort{}, there.memory()},
		refusal.HugePages:           {"", preflight.HugePagesShort{SizeKiB: 4, Need: 7}, there.hugePages("4KiB", "7")},
		refusal.LockedMemory:        {"", preflight.NoHardLimit{}, there.lockedMemory()},
		refusal.ListenAddress:       {"graphics vnc", preflight.ListenElsewhere{Address: netip.MustParseAddr("10.0.0.1")}, there.listenAddress()},
		refusal.PortTaken:           {"graphics vnc", preflight.PortTaken{Port: 5901, By: "db"}, there.port()},
		refusal.GuestCID:            {"vsock", preflight.CIDTaken{CID: 3, By: "db"}, there.guestCID()},
		refusal.TPM:                 {"tpm", preflight.TPMMissing{Backend: "emulator"}, there.tpm()},
		refusal.DeviceMissing:       {"hostdev A", preflight.HostDeviceMissing{Type: "pci"}, there.hostDevice()},
		refusal.LocalHostname:       {"", preflight.LocalHostname{}, there.hostname()},
		refusal.Placement:           {"", preflight.PinnedCPUsMissing{All: true}, there.pins()},
		refusal.Secret:              {"disk vda", preflight.SecretMissing{UUID: "UUID"}, there.secret("UUID")},
		refusal.SecurityModel:       {"", preflight.SecurityModelMissing{Model: "selinux"}, there.securityModel()},
		refusal.SameHost:            {"", migration.SameUUID{}, sameUUIDAdvice},
		refusal.Busy:                {"", migration.OtherJob{}, there.job()},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			found := Advise(migration.Finding{Subject: web, Host: "kvm2", Device: c.device, Fact: c.fact})
			refused, _ := Refusal(&host.Error{Host: "kvm2", Code: 1, Refusal: refusal.Refusal{Kind: kind}}, web, false)
			told := refused.Remedy
			if kind == refusal.HugePages { // libvirt does not say which, and how many
				told = strings.NewReplacer("SIZE", "4KiB", "COUNT", "7").Replace(told)
			}
			if !strings.HasPrefix(found.Remedy, c.remedy) || !strings.HasSuffix(told, c.remedy) {
				t.Errorf("found    %s\nrefused  %s\nwant for both %s", found.Remedy, told, c.remedy)
			}
		})
	}
}
