package host

import (
	"context"
	"encoding/xml"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// questionPool begins the names of the pools that HasPath asks by.
const questionPool = "virt-preflight-"

func isQuestion(pool string) bool { return strings.HasPrefix(pool, questionPool) }

// Limits of HasPath.
const (
	// pathLimit is for libvirt to look at one path.
	pathLimit = 5 * time.Second
	// linkDepth is how many directories deeper than it is written a path may be, by its links.
	linkDepth = 64
	// disguises bounds how many ways of writing a path are used: libvirt lets each be one
	// pool's only, also while the pool fails.
	disguises = 64
	// pathTries is how often another way is tried where one is taken.
	pathTries = 3
)

// Error numbers of Linux, which libvirt passes on.
const (
	noEntry      = 2  // ENOENT
	noPermission = 13 // EACCES
	notDirectory = 20 // ENOTDIR
	isDirectory  = 21 // EISDIR
)

// HasPath tells whether a path is there, whatever it is. It asks for a storage pool
// (virStoragePoolCreateXML) on a file that is named by way of the path: libvirt opens the
// pool's directory, and the kernel refuses that before anything is opened, with one error
// where the path leads to the file and with another where the path is not there. The error
// matches preflight.ErrUnknowable where libvirt may not look.
func (h *Host) HasPath(ctx context.Context, path string) (bool, error) {
	there, err := h.leadsOn(ctx, path)
	if there || err != nil {
		return there, err
	}
	// It is believed where the way leads to the file from the root, which is there.
	known, err := h.leadsOn(ctx, "/")
	if err == nil && !known {
		err = &Error{Host: h.cfg.Name, Op: "look at " + path, Message: "its libvirt has no /dev/null"}
	}
	return false, err
}

// leadsOn tells whether a path leads on to /dev/null.
func (h *Host) leadsOn(ctx context.Context, path string) (bool, error) {
	op := "look at " + path
	ctx, cancel := context.WithTimeout(ctx, pathLimit)
	defer cancel()
	var err error
	for range pathTries {
		err = h.askForPool(ctx, op, path)
		if !answered(err, libvirt.ErrOperationFailed) && lostInCall(err) == nil {
			break
		}
	}
	var e *Error
	if !errors.As(err, &e) {
		return err == nil, err // libvirt has made the pool: it has been there
	}
	switch e.Errno {
	case notDirectory:
		return true, nil
	case noEntry:
		return false, nil
	case noPermission:
		e := &Error{Host: h.cfg.Name, Op: op, Message: "libvirt may not look there", cause: err}
		e.kinds = []error{preflight.ErrUnknowable}
		return false, e
	}
	return false, err
}

// askForPool asks for a pool on the file that a path leads on to. It fails, but where the
// path's links lead deeper than linkDepth to a directory of the file's name.
func (h *Host) askForPool(ctx context.Context, op, path string) error {
	id := uuid.New()
	type target struct {
		Path string `xml:"path"`
	}
	up := strings.Repeat("/..", strings.Count(path, "/")+linkDepth)
	pool := libvirt.StoragePool{Name: questionPool + id.String(), UUID: libvirt.UUID(id)}
	definition, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"pool"`
		Type    string   `xml:"type,attr"`
		Name    string   `xml:"name"`
		UUID    string   `xml:"uuid"`
		Target  target   `xml:"target"`
	}{
		Type: "dir", Name: pool.Name, UUID: id.String(),
		Target: target{path + strings.Repeat("/.", rand.IntN(disguises)) + up + "/dev/null"},
	})
	if err != nil {
		return h.fail(op, err)
	}
	_, err = alone(ctx, h, func(lv *libvirt.Libvirt) (struct{}, error) {
		_ = h.strays.destroy(lv) // Close tells of what it leaves
		_, err := lv.StoragePoolCreateXML(string(definition), 0)
		if err == nil {
			h.strays.keep(pool)
			err = h.strays.destroy(lv)
		}
		return struct{}{}, err
	})
	if lost := lostInCall(err); lost != nil && !lost.Unsent {
		h.strays.keep(pool)
	}
	return h.fail(op, err)
}
