package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"
)

// HasSecret tells whether the host has a secret of that UUID. The definition that is asked
// for has no value. The error matches ErrUnsupported where libvirt has no secret driver.
func (h *Host) HasSecret(ctx context.Context, uuid string) (bool, error) {
	op := "look up the secret " + uuid
	id, err := parseUUID(uuid)
	if err != nil {
		return false, h.fail(op, err)
	}
	return h.has(ctx, op, libvirt.ErrNoSecret, func(lv *libvirt.Libvirt) error {
		_, err := lv.SecretGetXMLDesc(libvirt.Secret{UUID: id}, 0)
		return err
	})
}
