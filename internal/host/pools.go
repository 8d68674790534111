package host

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Pools are the host's storage pools. The error matches ErrUnsupported where libvirt has
// no storage driver.
func (h *Host) Pools(ctx context.Context) ([]preflight.Pool, error) {
	const op = "list the storage pools"
	list := func(which libvirt.ConnectListAllStoragePoolsFlags) func() ([]libvirt.StoragePool, error) {
		return func() ([]libvirt.StoragePool, error) {
			return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.StoragePool, error) {
				pools, _, err := lv.ConnectListAllStoragePools(1, which)
				return pools, err
			})
		}
	}
	var active, inactive []libvirt.StoragePool
	if err := parallel(
		get(&active, list(libvirt.ConnectListStoragePoolsActive)),
		get(&inactive, list(libvirt.ConnectListStoragePoolsInactive)),
	); err != nil {
		return nil, err
	}
	all := slices.Concat(active, inactive)
	pools := make([]preflight.Pool, len(all))
	describe := make([]func() error, len(all))
	for i, p := range all {
		describe[i] = get(&pools[i], func() (preflight.Pool, error) { return h.pool(ctx, op, p) })
	}
	if err := parallel(describe...); err != nil {
		return nil, err
	}
	for i := range pools[:len(active)] {
		pools[i].Active = true
	}
	// One that went between the calls has no name, and that of a question about a path is none: it does not become active.
	return slices.DeleteFunc(pools, func(p preflight.Pool) bool {
		return p.Name == "" || isQuestion(p.Name) && !p.Active
	}), nil
}

// pool reads a pool; one that is gone meanwhile is the zero Pool.
func (h *Host) pool(ctx context.Context, op string, p libvirt.StoragePool) (preflight.Pool, error) {
	definition, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StoragePoolGetXMLDesc(p, 0)
	})
	if answered(err, libvirt.ErrNoStoragePool) {
		return preflight.Pool{}, nil
	}
	if err != nil {
		return preflight.Pool{}, err
	}
	var doc struct {
		Type string `xml:"type,attr"`
		Path string `xml:"target>path"`
	}
	if err := xml.Unmarshal([]byte(definition), &doc); err != nil {
		return preflight.Pool{}, h.fail(op, err)
	}
	return preflight.Pool{Name: p.Name, UUID: formatUUID(p.UUID), Type: doc.Type, Path: doc.Path}, nil
}

// PathInPools tells what the active pools know of a path. A volume that they list is
// looked at (virStorageVolGetInfo), because the list may be old.
func (h *Host) PathInPools(ctx context.Context, path string) (preflight.Presence, error) {
	return h.volume(ctx, "look up "+path, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByPath(path)
	})
}

// VolumeInPool tells what an active pool knows of a volume, as PathInPools does of a path.
func (h *Host) VolumeInPool(ctx context.Context, pool preflight.Pool, volume string) (preflight.Presence, error) {
	op := fmt.Sprintf("look up the volume %s of the pool %s", volume, pool.Name)
	id, err := parseUUID(pool.UUID)
	if err != nil {
		return preflight.NotListed, h.fail(op, err)
	}
	return h.volume(ctx, op, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByName(libvirt.StoragePool{Name: pool.Name, UUID: id}, volume)
	})
}

func (h *Host) volume(
	ctx context.Context, op string, find func(*libvirt.Libvirt) (libvirt.StorageVol, error),
) (preflight.Presence, error) {
	volume, err := read(ctx, h, op, rpc.Quick, find)
	if answered(err, libvirt.ErrNoStorageVol) {
		return preflight.NotListed, nil
	}
	if err != nil {
		return preflight.NotListed, err
	}
	there, err := h.has(ctx, op, libvirt.ErrNoStorageVol, func(lv *libvirt.Libvirt) error {
		_, _, _, err := lv.StorageVolGetInfo(volume)
		return err
	})
	switch {
	case err != nil:
		return preflight.NotListed, err
	case there:
		return preflight.Present, nil
	}
	return preflight.Absent, nil
}
