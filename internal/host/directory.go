package host

import (
	"context"
	"encoding/xml"
	"errors"
	"math/rand/v2"
	"path"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// transientPool begins the names of the pools that Directory makes.
const transientPool = "virt-preflight-"

func transient(pool string) bool { return strings.HasPrefix(pool, transientPool) }

// networkInterfaces is the one directory of the kernel that is looked into: nothing in it
// but directories and the list of bonds is read.
const networkInterfaces = "/sys/class/net"

// Limits of Directory.
const (
	// listLimit is for libvirt to look at every file of a directory.
	listLimit = 30 * time.Second
	// poolPollInterval is how often it is tried to end a pool that is still being started.
	poolPollInterval = 50 * time.Millisecond
	// disguises bounds how many ways of writing a directory's path are used: libvirt lets
	// each be one pool's only, and the directory may be that of a pool already.
	disguises = 512
	// listTries is how often another way is tried where one is taken.
	listTries = 3
)

// ErrNotLooked is a directory that is not looked into: reading a file there may have an
// effect.
var ErrNotLooked = errors.New("reading files there may have an effect")

// Directory lists a directory by means of a transient storage pool on it
// (virStoragePoolCreateXML without build), which is gone when it returns. Nothing is
// written to the directory.
func (h *Host) Directory(ctx context.Context, directory string) (preflight.Directory, error) {
	op := "look into the directory " + directory
	directory = path.Clean(directory)
	for _, special := range []string{"/dev", "/proc", "/sys"} {
		if directory != networkInterfaces && (directory == special || strings.HasPrefix(directory, special+"/")) {
			return preflight.Directory{}, &Error{
				Host: h.cfg.Name, Op: op, Message: ErrNotLooked.Error(), kinds: []error{ErrNotLooked, ErrUnsupported},
			}
		}
	}
	var names []string
	var err error
	for range listTries {
		if names, err = h.list(ctx, op, directory); !answered(err, libvirt.ErrOperationFailed) {
			break
		}
	}
	switch {
	case err == nil:
		return preflight.Directory{Exists: true, Names: names}, nil
	case directory == "/" || !answered(err, libvirt.ErrSystemError):
		return preflight.Directory{}, err
	}
	// It cannot be opened. Whether it is there, the directory above tells.
	above, aboveErr := h.Directory(ctx, path.Dir(directory))
	if aboveErr == nil && (!above.Exists || !above.Has(path.Base(directory))) {
		return preflight.Directory{}, nil
	}
	return preflight.Directory{}, err
}

// list lists what is in a directory.
func (h *Host) list(ctx context.Context, op, directory string) (names []string, err error) {
	pool := libvirt.StoragePool{UUID: libvirt.UUID(uuid.New())}
	pool.Name = transientPool + formatUUID(pool.UUID)
	type target struct {
		Path string `xml:"path"`
	}
	definition, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"pool"`
		Type    string   `xml:"type,attr"`
		Name    string   `xml:"name"`
		UUID    string   `xml:"uuid"`
		Target  target   `xml:"target"`
	}{Type: "dir", Name: pool.Name, UUID: formatUUID(pool.UUID), Target: target{
		strings.TrimSuffix(directory, "/") + strings.Repeat("/.", 1+rand.IntN(disguises)),
	}})
	if err != nil {
		return nil, h.fail(op, err)
	}
	err = write(ctx, h, op, listLimit, rpc.Patient, func(lv *libvirt.Libvirt) error {
		_, err := lv.StoragePoolCreateXML(string(definition), 0)
		return err
	})
	if err != nil && !errors.Is(err, ErrOutcomeUnknown) && !errors.Is(err, context.Canceled) {
		return nil, err // there is no pool
	}
	defer func() { err = errors.Join(err, h.endPool(context.WithoutCancel(ctx), op, pool)) }()
	if err != nil {
		return nil, err
	}
	volumes, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.StorageVol, error) {
		volumes, _, err := lv.StoragePoolListAllVolumes(pool, 1, 0)
		return volumes, err
	})
	for _, volume := range volumes {
		names = append(names, volume.Name)
	}
	return names, err
}

// endPool ends a transient pool, also one that libvirt is still starting.
func (h *Host) endPool(ctx context.Context, op string, pool libvirt.StoragePool) error {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	for {
		err := write(ctx, h, op, h.deadlines.Call, rpc.Patient, func(lv *libvirt.Libvirt) error {
			return lv.StoragePoolDestroy(pool)
		})
		if answered(err, libvirt.ErrNoStoragePool) {
			return nil
		}
		if !answered(err, libvirt.ErrOperationInvalid) && !answered(err, libvirt.ErrInternalError) {
			return err
		}
		select {
		case <-time.After(poolPollInterval):
		case <-ctx.Done():
			return err
		}
	}
}
