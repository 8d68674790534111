package preflight

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// resources are the answers of a shared host about what it has.
type resources struct {
	networkDevices memo[NetworkDevices]
	nodeDevices    memos[string, bool]
	networks       memo[[]Network]
	filters        memos[string, bool]
	secrets        memos[string, bool]
	pools          memo[[]storage.Pool]
	paths          memos[string, Presence]
	hasPaths       memos[string, bool]
	machines       memos[Machine, machineAnswer]
	capabilities   memo[Capabilities]
	hostCPUs       memos[string, *CPUError]
	pages          memos[string, map[uint64]uint64]
	names          memo[map[string]string]
	neighbours     memo[[]Neighbour]
	addresses      memo[[]netip.Addr]
}

// machineAnswer is what a host can give a guest, or why it can give nothing.
type machineAnswer struct {
	capabilities DomainCapabilities
	refusal      error
}

// NetworkDevices implements Resources.
func (s *Shared) NetworkDevices(ctx context.Context) (NetworkDevices, error) {
	return s.resources.networkDevices.get(ctx, volatile, s.Host.NetworkDevices)
}

// HasNodeDevice implements Resources.
func (s *Shared) HasNodeDevice(ctx context.Context, name string) (bool, error) {
	return s.resources.nodeDevices.get(ctx, volatile, name, s.Host.HasNodeDevice)
}

// Networks implements Resources.
func (s *Shared) Networks(ctx context.Context) ([]Network, error) {
	return s.resources.networks.get(ctx, volatile, s.Host.Networks)
}

// HasNetworkFilter implements Resources.
func (s *Shared) HasNetworkFilter(ctx context.Context, name string) (bool, error) {
	return s.resources.filters.get(ctx, volatile, name, s.Host.HasNetworkFilter)
}

// HasSecret implements Resources.
func (s *Shared) HasSecret(ctx context.Context, uuid string) (bool, error) {
	return s.resources.secrets.get(ctx, volatile, uuid, s.Host.HasSecret)
}

// Pools implements Resources.
func (s *Shared) Pools(ctx context.Context) ([]storage.Pool, error) {
	return s.resources.pools.get(ctx, volatile, s.Host.Pools)
}

// PathInPools implements Resources.
func (s *Shared) PathInPools(ctx context.Context, path string) (Presence, error) {
	return s.resources.paths.get(ctx, volatile, path, s.Host.PathInPools)
}

// HasPath implements Resources.
func (s *Shared) HasPath(ctx context.Context, path string) (bool, error) {
	return s.resources.hasPaths.get(ctx, volatile, path, s.Host.HasPath)
}

// DomainCapabilities implements Resources. A refusal is an answer, too.
func (s *Shared) DomainCapabilities(ctx context.Context, m Machine) (DomainCapabilities, error) {
	answer, err := s.resources.machines.get(ctx, steady, m, func(ctx context.Context, m Machine) (machineAnswer, error) {
		c, err := s.Host.DomainCapabilities(ctx, m)
		if givesNothing(err) {
			return machineAnswer{refusal: err}, nil
		}
		return machineAnswer{capabilities: c}, err
	})
	if err == nil {
		err = answer.refusal
	}
	return answer.capabilities, err
}

// Capabilities implements Resources.
func (s *Shared) Capabilities(ctx context.Context) (Capabilities, error) {
	return s.resources.capabilities.get(ctx, steady, s.Host.Capabilities)
}

// CompareHostCPU implements Resources. That it has not all is an answer, too.
func (s *Shared) CompareHostCPU(ctx context.Context, cpu string) error {
	missing, err := s.resources.hostCPUs.get(ctx, steady, cpu, func(ctx context.Context, cpu string) (*CPUError, error) {
		return split(s.Host.CompareHostCPU(ctx, cpu))
	})
	if err == nil && missing != nil {
		return missing
	}
	return err
}

// FreePages implements Resources.
func (s *Shared) FreePages(ctx context.Context, sizes []uint64) (map[uint64]uint64, error) {
	ask := func(ctx context.Context, _ string) (map[uint64]uint64, error) { return s.Host.FreePages(ctx, sizes) }
	return s.resources.pages.get(ctx, volatile, fmt.Sprint(sizes), ask)
}

// DomainNames implements Resources.
func (s *Shared) DomainNames(ctx context.Context) (map[string]string, error) {
	return s.resources.names.get(ctx, volatile, s.Host.DomainNames)
}

// Neighbours implements Resources.
func (s *Shared) Neighbours(ctx context.Context) ([]Neighbour, error) {
	return s.resources.neighbours.get(ctx, volatile, s.Host.Neighbours)
}

// Addresses implements Resources.
func (s *Shared) Addresses(ctx context.Context) ([]netip.Addr, error) {
	return s.resources.addresses.get(ctx, steady, s.Host.Addresses)
}
