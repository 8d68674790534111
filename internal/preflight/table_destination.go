package preflight

import (
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// The checks of what a destination has.
const (
	CheckName        migration.Check = "name"
	CheckMachine     migration.Check = "machine_type"
	CheckHostCPU     migration.Check = "host_cpu"
	CheckTSC         migration.Check = "time_stamp_counter"
	CheckHugePages   migration.Check = "huge_pages"
	CheckBridges     migration.Check = "bridges"
	CheckNetworks    migration.Check = "networks"
	CheckFilters     migration.Check = "network_filters"
	CheckPools       migration.Check = "storage_pools"
	CheckPaths       migration.Check = "files"
	CheckFirmware    migration.Check = "firmware"
	CheckTPM         migration.Check = "tpm"
	CheckGraphics    migration.Check = "graphics"
	CheckListen      migration.Check = "listen_addresses"
	CheckPorts       migration.Check = "ports"
	CheckCID         migration.Check = "guest_cid"
	CheckHostDevices migration.Check = "host_devices"
	CheckSecrets     migration.Check = "secrets"
	CheckNetDisks    migration.Check = "network_disks"
	CheckPlacement   migration.Check = "placement"
	CheckSecurity    migration.Check = "security_model"
	CheckCopied      migration.Check = "copied_disks"
	CheckCopyPools   migration.Check = "copy_pools"
	CheckCopyVolumes migration.Check = "copy_volumes"
	CheckCopyRoom    migration.Check = "copy_room"
)

// destinationTable is the part of the catalogue about what a destination has of what the
// VM needs.
func destinationTable() []Row {
	row := func(c migration.Check, about, asks string, severity Severity, o Outlook, calls int, check check) Row {
		return Row{c, about, asks, NeedsGuest, severity, o, calls, nil, "destination", check}
	}
	return slices.Concat(machineTable(row), connectionTable(row), storageTable(row), copyTable())
}

// destinationRow makes a row about what a destination has.
type destinationRow func(
	c migration.Check, about, asks string, severity Severity, o Outlook, calls int, check check,
) Row

// machineTable is the part about the machine that the destination can give the guest.
func machineTable(row destinationRow) []Row {
	programs, hardware := lasts("an apply installs no programs"), lasts("a host keeps its hardware")
	return []Row{
		row(CheckName, "no other domain there has the VM's name", "virConnectListAllDomains",
			Errors, curable("the same apply may remove or rename the other domain"), 0, nameCheck{}).ofDefinition(),
		row(CheckMachine, "the destination has the guest's emulator, machine type and accelerator",
			"virConnectGetDomainCapabilities", Errors, programs, 0, machineCheck{}).ofDefinition(),
		row(CheckHostCPU, "a guest with the CPU of its host (host-passthrough, maximum) finds it there",
			"virConnectGetCapabilities, virConnectCompareCPU", Either, hardware, 0, hostCPUCheck{}),
		row(CheckTSC, "a guest with invtsc can be moved, and has its frequency there",
			"virConnectGetCapabilities", Errors, hardware, 0, tscCheck{}),
		row(CheckHugePages, "the destination has free huge pages for the guest",
			"virConnectGetCapabilities, virNodeGetFreePages", Warnings, harmless(), 0, hugePagesCheck{}),
		row(CheckFirmware, "the destination has the guest's firmware, and a directory for its NVRAM",
			"virConnectGetDomainCapabilities, and as for files", Errors, lasts("firmware is installed as programs are"),
			0, firmwareCheck{}).ofDefinition(),
		row(CheckTPM, "the destination can give the guest its TPM",
			"virConnectGetDomainCapabilities", Errors, programs, 0, tpmCheck{}).ofDefinition(),
		row(CheckHostDevices, "the destination has the guest's PCI devices",
			"virNodeDeviceLookupByName", Errors, hardware, 0, hostDeviceCheck{}).ofDefinition(),
		row(CheckPlacement, "the destination has the CPUs and NUMA nodes that the guest is bound to",
			"virConnectGetCapabilities", Either, hardware, 0, placementCheck{}).ofDefinition(),
		row(CheckSecurity, "the destination has the security models of the VM's labels (SELinux, AppArmor)",
			"virConnectGetCapabilities", Errors, lasts("an apply does not configure libvirt"), 0,
			securityModelCheck{}).ofDefinition(),
	}
}

// connectionTable is the part about networks and consoles.
func connectionTable(row destinationRow) []Row {
	return []Row{
		row(CheckBridges, "the destination has the VM's bridges, and interfaces below a macvtap",
			"virConnectListAllInterfaces, virConnectListAllNodeDevices, virConnectListAllNetworks, virStoragePoolCreateXML",
			Errors, curable("the same apply may make the interface: a network of libvirt makes its bridge"), 0,
			bridgeCheck{}).ofDefinition(),
		row(CheckNetworks, "the destination has the VM's virtual networks, and they are active",
			"virConnectListAllNetworks", Errors, curable("the same apply may make or start the network"), 0,
			networkCheck{}).ofDefinition(),
		row(CheckFilters, "the destination has the VM's network filters",
			"virNWFilterLookupByName", Errors, curable("the same apply may define the filter"), 0, filterCheck{}).ofDefinition(),
		row(CheckGraphics, "the destination's emulator has the guest's kind of console",
			"virConnectGetDomainCapabilities", Errors, lasts("an apply installs no programs"), 0,
			graphicsCheck{}).ofDefinition(),
		row(CheckListen, "no console, serial port or other device listens on an address of the source",
			"the addresses in the configuration, virConnectListAllNetworks",
			Errors, lasts("the address stays the source's"), 0, listenCheck{}).ofDefinition(),
		row(CheckPorts, "no other VM there has a fixed port of a console, serial port or other device",
			"virDomainGetXMLDesc", Errors, curable("the same apply may move or end the other VM"), 0, portCheck{}),
		row(CheckCID, "no other VM there has the fixed context ID (CID) of the VM's vsock device", "virDomainGetXMLDesc",
			Errors, curable("the same apply may move or end the other VM"), 0, cidCheck{}),
	}
}

// storageTable is the part about disks and other files.
func storageTable(row destinationRow) []Row {
	return []Row{
		row(CheckPools, "the destination has the VM's storage pools and volumes, and the pools are active",
			"virConnectListAllStoragePools, virStorageVolLookupByName, virStorageVolGetInfo",
			Errors, curable("the same apply may make or start the pool, or make the volume"), 2, poolCheck{}).ofDefinition(),
		row(CheckPaths, "the destination has the VM's disks and other files",
			"virConnectListAllStoragePools, virStorageVolLookupByPath, virStorageVolGetInfo; thorough: "+
				"virStoragePoolCreateXML",
			Either, curable("the same apply may make the file, or mount what it is on"), 2, pathCheck{}).ofDefinition(
			lasts("an apply may make a file, but not what the VM has written to it")),
		row(CheckSecrets, "the destination has the secrets of the VM's disks and TPM",
			"virSecretGetXMLDesc", Errors, curable("the same apply may define the secret"), 0, secretCheck{}).ofDefinition(),
		row(CheckNetDisks, "the destination reaches the storage of the VM's network disks", "nothing",
			Unknown, harmless(), 0, networkDiskCheck{}).ofDefinition(),
	}
}

// copyTable is the part about disks that are copied. It asks nothing where the policy copies none.
func copyTable() []Row {
	row := func(c migration.Check, about, asks string, severity Severity, o Outlook, attribute string, check check) Row {
		return Row{c, about, asks, NeedsGuest, severity, o, 0, nil, attribute, check}
	}
	const looks = "virConnectListAllStoragePools, virStorageVolGetXMLDesc, virDomainGetBlockInfo, " +
		"virDomainMigrateBegin3Params, and as for files"
	return []Row{
		row(CheckCopied, "each writable disk is copied, or certainly seen by the destination, where `copy_storage` is set",
			looks, Either, depends("a disk stays what it is, but the same apply may make a backing file"), "copy_storage",
			copiedDisksCheck{}),
		row(CheckCopyPools, "the destination has an active pool for each disk that is copied", looks,
			Errors, curable("the same apply may make or start the pool"), "destination", copyPoolCheck{}),
		row(CheckCopyVolumes, "nothing is in the place of a disk that is copied, but the VM's own leftover, and that is "+
			"not in the place of a disk that is not copied, nor another image than the disk's",
			looks+", virDomainGetXMLDesc, virStoragePoolListAllVolumes",
			Either, curable("the same apply may remove what is there"), "destination", copyVolumeCheck{}).ofDefinition(),
		row(CheckCopyRoom, "the destination's pools have room for the disks that are copied",
			"virStoragePoolRefresh, virStoragePoolGetInfo", Either, curable("the same apply may make room"), "destination",
			copyRoomCheck{}),
	}
}
