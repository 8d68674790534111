package host

import (
	"context"
	"encoding/xml"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// VolumeUsers are the domains that name a volume, running or not, in whatever part of their
// definitions, and the volumes of active pools that are overlays of it: also by another path that a pool lists it by.
func (h *Host) VolumeUsers(ctx context.Context, v storage.Volume) ([]storage.User, error) {
	listed, err := h.listedVolumes(ctx, "look for what uses "+v.Path)
	if err != nil {
		return nil, err
	}
	known := aliases(v, listed)
	domains, err := h.domainUsers(ctx, known)
	return append(domains, overlays(known, listed)...), err
}

// DomainUsers are the domains that name a volume by its path or pool, running or not. It asks for less than
// VolumeUsers, and does not see those that name it by another path.
func (h *Host) DomainUsers(ctx context.Context, v storage.Volume) ([]storage.User, error) {
	return h.domainUsers(ctx, []storage.Volume{v})
}

// aliases are a volume and what is the same file by another path, as through a symbolic link to its directory.
func aliases(v storage.Volume, listed []storage.Volume) []storage.Volume {
	known, file := []storage.Volume{v}, v
	for _, l := range listed {
		if path.Clean(l.Path) == path.Clean(v.Path) {
			file = l // as it is now
		}
	}
	for _, l := range listed {
		if file.SameFile(&l) && path.Clean(l.Path) != path.Clean(v.Path) {
			known = append(known, l)
		}
	}
	return known
}

// overlays are the listed volumes whose backing file is a volume, by any of its paths.
func overlays(known, listed []storage.Volume) []storage.User {
	var users []storage.User
	for _, l := range listed {
		isBacking := func(v storage.Volume) bool { return path.Clean(l.Backing) == path.Clean(v.Path) }
		if l.Backing != "" && slices.ContainsFunc(known, isBacking) {
			users = append(users, storage.User{Overlay: l.Path})
		}
	}
	return users
}

// domainUsers are the domains that name a volume, by one of the paths and pools that it is known by.
func (h *Host) domainUsers(ctx context.Context, known []storage.Volume) ([]storage.User, error) {
	op := "look for what uses " + known[0].Path
	pools, err := h.Pools(ctx)
	if err != nil {
		return nil, err
	}
	directories := map[string]string{} // by the names of their pools: one directory may have several
	for _, p := range pools {
		directories[p.Name] = p.Path
	}
	list := func(which libvirt.ConnectListAllDomainsFlags) func() ([]libvirt.Domain, error) {
		return func() ([]libvirt.Domain, error) {
			return read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
				domains, _, err := lv.ConnectListAllDomains(1, which)
				return domains, err
			})
		}
	}
	var active, inactive []libvirt.Domain
	if err := parallel(
		get(&active, list(libvirt.ConnectListDomainsActive)), get(&inactive, list(libvirt.ConnectListDomainsInactive)),
	); err != nil {
		return nil, err
	}
	all := slices.Concat(active, inactive)
	names := make([]bool, len(all))
	reads := make([]func() error, len(all))
	for i, dom := range all {
		reads[i] = get(&names[i], func() (bool, error) {
			return h.namesVolume(ctx, op, dom, known, directories, i < len(active))
		})
	}
	if err := parallel(reads...); err != nil {
		return nil, err
	}
	var users []storage.User
	for i, dom := range all {
		if names[i] {
			users = append(users, storage.User{Domain: dom.Name, UUID: formatUUID(dom.UUID), Active: i < len(active)})
		}
	}
	return users, nil
}

// namesVolume tells whether a domain names one of the volumes, as it runs or as it will start. One that
// is gone meanwhile does not.
func (h *Host) namesVolume(
	ctx context.Context, op string, dom libvirt.Domain, known []storage.Volume, directories map[string]string, active bool,
) (bool, error) {
	forms := []libvirt.DomainXMLFlags{0}
	if active {
		forms = append(forms, libvirt.DomainXMLInactive)
	}
	for _, form := range forms {
		definition, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainGetXMLDesc(dom, form)
		})
		if answered(err, libvirt.ErrNoDomain) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, v := range known {
			named, err := names(definition, v, directories)
			if named || err != nil {
				return named, h.fail(op, err)
			}
		}
	}
	return false, nil
}

// names tells whether a definition has a volume's path, in an attribute or as a text, or its
// pool, or another one of its directory, and its name.
func names(definition string, v storage.Volume, directories map[string]string) (bool, error) {
	v.Path = path.Clean(v.Path)
	for decoder := xml.NewDecoder(strings.NewReader(definition)); ; {
		token, err := decoder.Token()
		switch {
		case err == io.EOF: //nolint:errorlint // that is what a decoder returns
			return false, nil
		case err != nil:
			return false, err
		}
		switch t := token.(type) {
		case xml.CharData:
			if path.Clean(strings.TrimSpace(string(t))) == v.Path {
				return true, nil
			}
		case xml.StartElement:
			of := map[string]string{}
			for _, a := range t.Attr {
				of[a.Name.Local] = a.Value
				if path.Clean(a.Value) == v.Path {
					return true, nil
				}
			}
			if t.Name.Local != "source" || of["volume"] == "" {
				continue
			}
			in := directories[of["pool"]]
			if of["pool"] == v.Pool && of["volume"] == v.Name || in != "" && path.Join(in, of["volume"]) == v.Path {
				return true, nil
			}
		}
	}
}

// listedVolumes are the volumes of all active pools, as they are now.
func (h *Host) listedVolumes(ctx context.Context, op string) ([]storage.Volume, error) {
	pools, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.StoragePool, error) {
		pools, _, err := lv.ConnectListAllStoragePools(1, libvirt.ConnectListStoragePoolsActive)
		return pools, err
	})
	if err != nil {
		return nil, err
	}
	var listed []storage.Volume
	for _, pool := range pools {
		volumes, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.StorageVol, error) {
			volumes, _, err := lv.StoragePoolListAllVolumes(pool, 1, 0)
			return volumes, err
		})
		if answered(err, libvirt.ErrNoStoragePool) || answered(err, libvirt.ErrOperationInvalid) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return nil, err
		}
		described := make([]*storage.Volume, len(volumes))
		reads := make([]func() error, len(volumes))
		for i, volume := range volumes {
			reads[i] = get(&described[i], func() (*storage.Volume, error) { return h.describeVolume(ctx, op, volume) })
		}
		if err := parallel(reads...); err != nil {
			return nil, err
		}
		for _, d := range described {
			if d != nil {
				listed = append(listed, *d)
			}
		}
	}
	return listed, nil
}
