package host

import (
	"context"
	"encoding/xml"
	"errors"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// volumeTimeout bounds the creation and the removal of a volume. libvirt fills none: qemu-img
// writes little more than the header of an image.
const volumeTimeout = time.Minute

// errUnknownBacking is a volume whose backing file has no known format.
var errUnknownBacking = errors.New("the format of its backing file is not known")

// volumeXML is a volume's definition. Units are bytes, libvirt's default.
type volumeXML struct {
	XMLName    xml.Name      `xml:"volume"`
	Type       string        `xml:"type,attr,omitempty"`
	Name       string        `xml:"name"`
	Capacity   uint64        `xml:"capacity"`
	Allocation *uint64       `xml:"allocation"`
	Physical   uint64        `xml:"physical,omitempty"`
	Target     targetXML     `xml:"target"`
	Backing    *backingStore `xml:"backingStore"`
}

type targetXML struct {
	Path        string          `xml:"path,omitempty"`
	Format      *formatXML      `xml:"format"`
	Permissions *permissionsXML `xml:"permissions"`
	Timestamps  *timestampsXML  `xml:"timestamps"`
	Compat      string          `xml:"compat,omitempty"`
	ClusterSize uint64          `xml:"clusterSize,omitempty"`
	Features    *featuresXML    `xml:"features"`
	Encryption  *struct{}       `xml:"encryption"`
}

type formatXML struct {
	Type string `xml:"type,attr"`
}

type permissionsXML struct {
	Mode  string `xml:"mode,omitempty"`
	Owner string `xml:"owner,omitempty"`
	Group string `xml:"group,omitempty"`
}

type timestampsXML struct {
	Modified string `xml:"mtime"`
	Changed  string `xml:"ctime"`
}

type featuresXML struct {
	All []featureXML `xml:",any"`
}

type featureXML struct{ XMLName xml.Name }

type backingStore struct {
	Path   string     `xml:"path"`
	Format *formatXML `xml:"format"`
}

// VolumeByPath is the volume of a path, as it is now; nil where no active pool lists one. The
// list of a pool may be old: RefreshPool renews it.
func (h *Host) VolumeByPath(ctx context.Context, path string) (*storage.Volume, error) {
	op := "look up " + path
	volume, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByPath(path)
	})
	if answered(err, libvirt.ErrNoStorageVol) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return h.describeVolume(ctx, op, volume)
}

// describeVolume reads a volume; nil where it is gone. libvirt looks at the file to answer.
func (h *Host) describeVolume(ctx context.Context, op string, v libvirt.StorageVol) (*storage.Volume, error) {
	definition, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StorageVolGetXMLDesc(v, 0)
	})
	if answered(err, libvirt.ErrNoStorageVol) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var doc volumeXML
	if err := xml.Unmarshal([]byte(definition), &doc); err != nil {
		return nil, h.fail(op, err)
	}
	return doc.volume(v.Pool), nil
}

func (d volumeXML) volume(pool string) *storage.Volume {
	v := &storage.Volume{
		Pool: pool, Name: d.Name, Path: d.Target.Path, Capacity: d.Capacity, Length: d.Physical,
		Compat: d.Target.Compat, ClusterBytes: d.Target.ClusterSize, Encrypted: d.Target.Encryption != nil,
		Block: d.Type == "block",
	}
	if d.Allocation != nil {
		v.Allocation = *d.Allocation
	}
	if d.Target.Format != nil {
		v.Format = d.Target.Format.Type
	}
	if p := d.Target.Permissions; p != nil {
		v.Owner, v.Group, v.Mode = p.Owner, p.Group, p.Mode
	}
	if d.Target.Timestamps != nil && d.Type != "block" { // whose time is that of its device node, not of its data
		v.Modified, v.Changed = d.Target.Timestamps.Modified, d.Target.Timestamps.Changed
	}
	if d.Target.Features != nil {
		for _, f := range d.Target.Features.All {
			v.Features = append(v.Features, f.XMLName.Local)
		}
	}
	if d.Backing != nil {
		v.Backing = d.Backing.Path
		if d.Backing.Format != nil {
			v.BackingFormat = d.Backing.Format.Type
		}
	}
	return v
}

// CreateVolume makes a volume in an active pool, and fails where one of that name, or its file,
// is there (virStorageVolCreateXML), or where it is an overlay of an image of unknown format. Its
// blocks are allocated as they are written, but for one of a logical pool. The error matches ErrOutcomeUnknown where
// it may have been made.
func (h *Host) CreateVolume(ctx context.Context, pool storage.Pool, v storage.Volume) error {
	op := "create the volume " + v.Name + " of the pool " + pool.Name
	if v.Backing != "" && v.BackingFormat == "" { // libvirt would take it for raw
		return h.fail(op, errUnknownBacking)
	}
	id, err := parseUUID(pool.UUID)
	if err != nil {
		return h.fail(op, err)
	}
	definition, err := xml.Marshal(definitionOf(v, pool.Type))
	if err != nil {
		return h.fail(op, err)
	}
	return write(ctx, h, op, volumeTimeout, rpc.Patient, func(lv *libvirt.Libvirt) error {
		_, err := lv.StorageVolCreateXML(libvirt.StoragePool{Name: pool.Name, UUID: id}, string(definition), 0)
		return err
	})
}

func definitionOf(v storage.Volume, poolType string) volumeXML {
	d := volumeXML{Name: v.Name, Capacity: v.Capacity}
	if poolType == "logical" {
		return d // what is left to be allocated would make it a snapshot
	}
	d.Allocation = new(uint64(0))
	d.Target = targetXML{Format: &formatXML{v.Format}, Compat: v.Compat, ClusterSize: v.ClusterBytes}
	if v.Owner+v.Group+v.Mode != "" {
		d.Target.Permissions = &permissionsXML{v.Mode, v.Owner, v.Group}
	}
	if len(v.Features) > 0 {
		d.Target.Features = &featuresXML{}
		for _, name := range v.Features {
			d.Target.Features.All = append(d.Target.Features.All, featureXML{xml.Name{Local: name}})
		}
	}
	if v.Backing != "" {
		d.Backing = &backingStore{Path: v.Backing, Format: &formatXML{v.BackingFormat}}
	}
	return d
}

// DeleteVolume removes a volume of an active pool and what it holds (virStorageVolDelete). Its caller has made it
// there, and has seen that no domain uses it. One that is gone is no error; of a pool that is not active any more
// nobody knows.
func (h *Host) DeleteVolume(ctx context.Context, pool storage.Pool, volume string) error {
	op := "delete the volume " + volume + " of the pool " + pool.Name
	id, err := parseUUID(pool.UUID)
	if err != nil {
		return h.fail(op, err)
	}
	err = write(ctx, h, op, volumeTimeout, rpc.Patient, func(lv *libvirt.Libvirt) error {
		v, err := lv.StorageVolLookupByName(libvirt.StoragePool{Name: pool.Name, UUID: id}, volume)
		if err != nil {
			return err
		}
		return lv.StorageVolDelete(v, 0)
	})
	if answered(err, libvirt.ErrNoStorageVol) {
		return nil
	}
	return err
}
