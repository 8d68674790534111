package host

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// questionPool begins the names of the pools that HasPath asks by.
const questionPool = "virt-preflight-"

func isQuestion(pool string) bool { return strings.HasPrefix(pool, questionPool) }

// Limits of HasPath.
const (
	// pathLimit is for libvirt to look at one path.
	pathLimit = 5 * time.Second
	// maxDepth is how many directories deep a path may be, after its links.
	maxDepth = 64
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
// where the path leads to the file and with another where the path is not there. No pool
// comes to be.
func (h *Host) HasPath(ctx context.Context, path string) (bool, error) {
	select { // one at a time: a slow storage must not take the places of other calls
	case h.paths <- struct{}{}:
	case <-ctx.Done():
		return false, h.fail("look at "+path, ctx.Err())
	}
	defer func() { <-h.paths }()
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
	var err error
	for range pathTries {
		if err = h.openPool(ctx, op, path); !answered(err, libvirt.ErrOperationFailed) {
			break
		}
	}
	var e *Error
	if !errors.As(err, &e) {
		return false, err
	}
	switch e.Errno {
	case notDirectory:
		return true, nil
	case noEntry:
		return false, nil
	case noPermission:
		return false, &Error{Host: h.cfg.Name, Op: op, Message: "libvirt may not look there", cause: err}
	}
	return false, err
}

// openPool asks for a pool on the file that a path leads on to. It always fails.
func (h *Host) openPool(ctx context.Context, op, path string) error {
	id := uuid.NewString()
	type target struct {
		Path string `xml:"path"`
	}
	definition, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"pool"`
		Type    string   `xml:"type,attr"`
		Name    string   `xml:"name"`
		UUID    string   `xml:"uuid"`
		Target  target   `xml:"target"`
	}{Type: "dir", Name: questionPool + id, UUID: id, Target: target{
		path + strings.Repeat("/.", rand.IntN(disguises)) + strings.Repeat("/..", maxDepth) + "/dev/null",
	}})
	if err != nil {
		return h.fail(op, err)
	}
	ctx, cancel := context.WithTimeout(ctx, pathLimit)
	defer cancel()
	pool, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (libvirt.StoragePool, error) {
		return lv.StoragePoolCreateXML(string(definition), 0)
	})
	if err == nil {
		const text = "libvirt has made the storage pool %s of it; `virsh pool-destroy %[1]s` ends it"
		err = h.fail(op, fmt.Errorf(text, pool.Name))
	}
	return err
}
