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
// definitions, and the volumes of active pools that are overlays of it.
func (h *Host) VolumeUsers(ctx context.Context, v storage.Volume) ([]storage.User, error) {
	op := "look for what uses " + v.Path
	pools, err := h.Pools(ctx)
	if err != nil {
		return nil, err
	}
	directories := map[string]string{} // by the names of their pools: one directory may have several
	for _, p := range pools {
		directories[p.Name] = p.Path
	}
	var domains, overlays []storage.User
	err = parallel(
		get(&domains, func() ([]storage.User, error) { return h.domainsWith(ctx, op, v, directories) }),
		get(&overlays, func() ([]storage.User, error) { return h.overlaysOf(ctx, op, v) }),
	)
	return append(domains, overlays...), err
}

func (h *Host) domainsWith(
	ctx context.Context, op string, v storage.Volume, directories map[string]string,
) ([]storage.User, error) {
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
			return h.namesVolume(ctx, op, dom, v, directories, i < len(active))
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

// namesVolume tells whether a domain names a volume, as it runs or as it will start. One that
// is gone meanwhile does not.
func (h *Host) namesVolume(
	ctx context.Context, op string, dom libvirt.Domain, v storage.Volume, directories map[string]string, active bool,
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
		named, err := names(definition, v, directories)
		if named || err != nil {
			return named, h.fail(op, err)
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

func (h *Host) overlaysOf(ctx context.Context, op string, v storage.Volume) ([]storage.User, error) {
	pools, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.StoragePool, error) {
		pools, _, err := lv.ConnectListAllStoragePools(1, libvirt.ConnectListStoragePoolsActive)
		return pools, err
	})
	if err != nil {
		return nil, err
	}
	var users []storage.User
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
			if d != nil && d.Backing != "" && path.Clean(d.Backing) == path.Clean(v.Path) {
				users = append(users, storage.User{Overlay: d.Path})
			}
		}
	}
	return users, nil
}
