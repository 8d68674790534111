package host

import (
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Pools are the host's storage pools. The error matches ErrUnsupported where libvirt has
// no storage driver.
func (h *Host) Pools(ctx context.Context) ([]storage.Pool, error) {
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
	pools := make([]storage.Pool, len(all))
	describe := make([]func() error, len(all))
	for i, p := range all {
		describe[i] = get(&pools[i], func() (storage.Pool, error) { return h.pool(ctx, op, p) })
	}
	if err := parallel(describe...); err != nil {
		return nil, err
	}
	for i := range pools[:len(active)] {
		pools[i].Active = true
	}
	// One that went between the calls has no name, and that of a question about a path is none: it does not become active.
	return slices.DeleteFunc(pools, func(p storage.Pool) bool {
		return p.Name == "" || isQuestion(p.Name) && !p.Active
	}), nil
}

// pool reads a pool; one that is gone meanwhile is the zero Pool.
func (h *Host) pool(ctx context.Context, op string, p libvirt.StoragePool) (storage.Pool, error) {
	definition, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StoragePoolGetXMLDesc(p, 0)
	})
	if answered(err, libvirt.ErrNoStoragePool) {
		return storage.Pool{}, nil
	}
	if err != nil {
		return storage.Pool{}, err
	}
	var doc struct {
		Type   string     `xml:"type,attr"`
		Path   string     `xml:"target>path"`
		Source poolSource `xml:"source"`
	}
	if err := xml.Unmarshal([]byte(definition), &doc); err != nil {
		return storage.Pool{}, h.fail(op, err)
	}
	return storage.Pool{
		Name: p.Name, UUID: formatUUID(p.UUID), Type: doc.Type, Path: doc.Path, Source: doc.Source.text(),
	}, nil
}

// poolSource is where a pool of the network has its data.
type poolSource struct {
	Hosts []struct {
		Name string `xml:"name,attr"`
		Port string `xml:"port,attr"`
	} `xml:"host"`
	Dir struct {
		Path string `xml:"path,attr"`
	} `xml:"dir"`
	Device struct {
		Path string `xml:"path,attr"`
	} `xml:"device"`
	Name string `xml:"name"`
}

// text has all of it, so that it is equal where all is; empty where it names no host, or the
// host itself, which is another one on each host.
func (s poolSource) text() string {
	if len(s.Hosts) == 0 {
		return ""
	}
	var parts []string
	for _, host := range s.Hosts {
		address, err := netip.ParseAddr(host.Name)
		if strings.HasPrefix(host.Name, "localhost") || err == nil && address.IsLoopback() {
			return ""
		}
		parts = append(parts, net.JoinHostPort(host.Name, host.Port))
	}
	return strings.Join(append(parts, s.Dir.Path, s.Device.Path, s.Name), " ")
}

// refreshTimeout bounds the refresh of a pool: libvirt opens each of its volumes.
const refreshTimeout = time.Minute

// RefreshPool has an active pool look for its volumes and its free space anew
// (virStoragePoolRefresh), within a minute. It changes nothing on storage.
func (h *Host) RefreshPool(ctx context.Context, pool storage.Pool) error {
	op := "refresh the storage pool " + pool.Name
	id, err := parseUUID(pool.UUID)
	if err != nil {
		return h.fail(op, err)
	}
	_, err = readWithin(ctx, h, op, refreshTimeout, rpc.Patient, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lv.StoragePoolRefresh(libvirt.StoragePool{Name: pool.Name, UUID: id}, 0)
	})
	return err
}

// PoolAvailable is the free space of an active pool, in bytes, as of its last refresh
// (virStoragePoolGetInfo).
func (h *Host) PoolAvailable(ctx context.Context, pool storage.Pool) (uint64, error) {
	op := "read the free space of the storage pool " + pool.Name
	id, err := parseUUID(pool.UUID)
	if err != nil {
		return 0, h.fail(op, err)
	}
	return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (uint64, error) {
		_, _, _, available, err := lv.StoragePoolGetInfo(libvirt.StoragePool{Name: pool.Name, UUID: id})
		return available, err
	})
}

// PathInPools tells what the active pools know of a path. A volume that they list is
// looked at (virStorageVolGetInfo), because the list may be old.
func (h *Host) PathInPools(ctx context.Context, path string) (preflight.Presence, error) {
	return h.volume(ctx, "look up "+path, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByPath(path)
	})
}

// VolumeInPool tells what an active pool knows of a volume, as PathInPools does of a path.
func (h *Host) VolumeInPool(ctx context.Context, pool storage.Pool, volume string) (preflight.Presence, error) {
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
