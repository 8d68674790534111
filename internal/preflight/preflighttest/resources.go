package preflighttest

import (
	"context"
	"net/netip"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Resources are what a Host has.
type Resources struct {
	Devices      preflight.NetworkDevices
	NodeDevices  map[string]bool
	Nets         []preflight.Network
	Filters      map[string]bool
	Secrets      map[string]bool
	StoragePools []storage.Pool
	// Listed is what the pools know of paths and volumes.
	Listed map[string]preflight.Presence
	Paths  map[string]bool
	// Volumes are those that the pools list, by path; Users what uses them; Room the free space
	// of each pool, by name.
	Volumes map[string]storage.Volume
	Users   map[string][]storage.User
	Room    map[string]uint64
	// Gives and Refuses are what DomainCapabilities answers.
	Gives   preflight.DomainCapabilities
	Refuses error
	Is      preflight.Capabilities
	// LesserCPU is what CompareHostCPU answers.
	LesserCPU error
	Free      map[uint64]uint64
	Domains   map[string]string
	Running   []preflight.Neighbour
	Own       []netip.Addr
}

// NetworkDevices implements preflight.Resources.
func (h *Host) NetworkDevices(ctx context.Context) (preflight.NetworkDevices, error) {
	return answer(ctx, h, "NetworkDevices", h.Devices)
}

// HasNodeDevice implements preflight.Resources.
func (h *Host) HasNodeDevice(ctx context.Context, name string) (bool, error) {
	return answer(ctx, h, "HasNodeDevice", h.NodeDevices[name])
}

// Networks implements preflight.Resources.
func (h *Host) Networks(ctx context.Context) ([]preflight.Network, error) {
	return answer(ctx, h, "Networks", h.Nets)
}

// HasNetworkFilter implements preflight.Resources.
func (h *Host) HasNetworkFilter(ctx context.Context, name string) (bool, error) {
	return answer(ctx, h, "HasNetworkFilter", h.Filters[name])
}

// HasSecret implements preflight.Resources.
func (h *Host) HasSecret(ctx context.Context, uuid string) (bool, error) {
	return answer(ctx, h, "HasSecret", h.Secrets[uuid])
}

// Pools implements preflight.Resources.
func (h *Host) Pools(ctx context.Context) ([]storage.Pool, error) {
	return answer(ctx, h, "Pools", h.StoragePools)
}

// PathInPools implements preflight.Resources.
func (h *Host) PathInPools(ctx context.Context, path string) (preflight.Presence, error) {
	return answer(ctx, h, "PathInPools", h.Listed[path])
}

// VolumeInPool implements preflight.Resources.
func (h *Host) VolumeInPool(ctx context.Context, pool storage.Pool, volume string) (preflight.Presence, error) {
	return answer(ctx, h, "VolumeInPool", h.Listed[pool.Name+"/"+volume])
}

// VolumeByPath implements preflight.Resources.
func (h *Host) VolumeByPath(ctx context.Context, path string) (*storage.Volume, error) {
	volume, listed := h.Volumes[path]
	if !listed {
		return answer[*storage.Volume](ctx, h, "VolumeByPath", nil)
	}
	return answer(ctx, h, "VolumeByPath", &volume)
}

// VolumeUsers implements preflight.Resources.
func (h *Host) VolumeUsers(ctx context.Context, v storage.Volume) ([]storage.User, error) {
	return answer(ctx, h, "VolumeUsers", h.Users[v.Path])
}

// RefreshPool implements preflight.Resources.
func (h *Host) RefreshPool(ctx context.Context, _ storage.Pool) error {
	_, err := answer(ctx, h, "RefreshPool", struct{}{})
	return err
}

// PoolAvailable implements preflight.Resources.
func (h *Host) PoolAvailable(ctx context.Context, pool storage.Pool) (uint64, error) {
	return answer(ctx, h, "PoolAvailable", h.Room[pool.Name])
}

// HasPath implements preflight.Resources.
func (h *Host) HasPath(ctx context.Context, path string) (bool, error) {
	return answer(ctx, h, "HasPath", h.Paths[path])
}

// DomainCapabilities implements preflight.Resources.
func (h *Host) DomainCapabilities(ctx context.Context, _ preflight.Machine) (preflight.DomainCapabilities, error) {
	c, err := answer(ctx, h, "DomainCapabilities", h.Gives)
	if err == nil {
		err = h.Refuses
	}
	return c, err
}

// Capabilities implements preflight.Resources.
func (h *Host) Capabilities(ctx context.Context) (preflight.Capabilities, error) {
	return answer(ctx, h, "Capabilities", h.Is)
}

// CompareHostCPU implements preflight.Resources.
func (h *Host) CompareHostCPU(ctx context.Context, _ string) error {
	less, err := answer(ctx, h, "CompareHostCPU", h.LesserCPU)
	if err != nil {
		return err
	}
	return less
}

// FreePages implements preflight.Resources.
func (h *Host) FreePages(ctx context.Context, _ []uint64) (map[uint64]uint64, error) {
	return answer(ctx, h, "FreePages", h.Free)
}

// DomainNames implements preflight.Resources.
func (h *Host) DomainNames(ctx context.Context) (map[string]string, error) {
	return answer(ctx, h, "DomainNames", h.Domains)
}

// Neighbours implements preflight.Resources.
func (h *Host) Neighbours(ctx context.Context) ([]preflight.Neighbour, error) {
	return answer(ctx, h, "Neighbours", h.Running)
}

// Addresses implements preflight.Resources.
func (h *Host) Addresses(ctx context.Context) ([]netip.Addr, error) {
	return answer(ctx, h, "Addresses", h.Own)
}
