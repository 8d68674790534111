package preflight

import (
	"context"
	"net/netip"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Resources answers what a host has of what a VM needs. Errors are as those of Host. All
// of it changes nothing but what libvirt itself remembers.
type Resources interface {
	// NetworkDevices are the network interfaces that libvirt lists (virConnectListAllNodeDevices).
	NetworkDevices(ctx context.Context) (NetworkDevices, error)
	// HasNodeDevice tells whether there is a node device of that name
	// (virNodeDeviceLookupByName).
	HasNodeDevice(ctx context.Context, name string) (bool, error)
	// Networks are the virtual networks (virConnectListAllNetworks).
	Networks(ctx context.Context) ([]Network, error)
	// HasNetworkFilter tells whether there is a network filter of that name
	// (virNWFilterLookupByName).
	HasNetworkFilter(ctx context.Context, name string) (bool, error)
	// HasSecret tells whether there is a secret of that UUID (virSecretGetXMLDesc, which has
	// no value).
	HasSecret(ctx context.Context, uuid string) (bool, error)
	// Pools are the storage pools (virConnectListAllStoragePools).
	Pools(ctx context.Context) ([]storage.Pool, error)
	// PathInPools tells what the active pools know of a path (virStorageVolLookupByPath,
	// virStorageVolGetInfo).
	PathInPools(ctx context.Context, path string) (Presence, error)
	// VolumeInPool tells what an active pool knows of a volume (virStorageVolLookupByName,
	// virStorageVolGetInfo).
	VolumeInPool(ctx context.Context, pool storage.Pool, volume string) (Presence, error)
	// VolumeByPath is the volume of a path, as it is now; nil where no active pool lists one
	// (virStorageVolLookupByPath, virStorageVolGetXMLDesc).
	VolumeByPath(ctx context.Context, path string) (*storage.Volume, error)
	// VolumeUsers are the domains that name a volume and the volumes that are overlays of it
	// (virConnectListAllDomains, virDomainGetXMLDesc, virStoragePoolListAllVolumes).
	VolumeUsers(ctx context.Context, v storage.Volume) ([]storage.User, error)
	// RefreshPool has an active pool look for its volumes and its free space anew
	// (virStoragePoolRefresh).
	RefreshPool(ctx context.Context, pool storage.Pool) error
	// PoolAvailable is the free space of an active pool, in bytes, as of its last refresh
	// (virStoragePoolGetInfo).
	PoolAvailable(ctx context.Context, pool storage.Pool) (uint64, error)
	// HasPath tells whether a path is there, whatever it is, by asking for a storage pool
	// that cannot come to be (virStoragePoolCreateXML).
	HasPath(ctx context.Context, path string) (bool, error)
	// DomainCapabilities is what the host can give a guest of a machine type
	// (virConnectGetDomainCapabilities). The error is an *EmulatorError, a *MachineError or
	// an *AcceleratorError when it can give nothing.
	DomainCapabilities(ctx context.Context, m Machine) (DomainCapabilities, error)
	// Capabilities is what the host is (virConnectGetCapabilities).
	Capabilities(ctx context.Context) (Capabilities, error)
	// CompareHostCPU asks whether the host's CPU has all that another host's has
	// (virConnectCompareCPU). The error is a *CPUError when it has not.
	CompareHostCPU(ctx context.Context, cpu string) error
	// FreePages are the free huge pages by their size in KiB (virNodeGetFreePages).
	FreePages(ctx context.Context, sizes []uint64) (map[uint64]uint64, error)
	// DomainNames are the names of all domains by UUID (virConnectListAllDomains).
	DomainNames(ctx context.Context) (map[string]string, error)
	// Neighbours are the domains that run, with what no other can have
	// (virConnectListAllDomains, virDomainGetXMLDesc).
	Neighbours(ctx context.Context) ([]Neighbour, error)
	// Addresses are those that the configuration names; the host may have more.
	Addresses(ctx context.Context) ([]netip.Addr, error)
}
