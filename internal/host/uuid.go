package host

import (
	"fmt"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/uuid"
)

// handle names a domain to libvirt, which uses only the UUID.
func handle(id string) (libvirt.Domain, error) {
	u, err := parseUUID(id)
	return libvirt.Domain{UUID: u}, err
}

func parseUUID(id string) (libvirt.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil {
		return libvirt.UUID{}, fmt.Errorf("%q is not a UUID", id)
	}
	return libvirt.UUID(u), nil
}

// formatUUID writes a UUID as libvirt does: lower case, with hyphens.
func formatUUID(u libvirt.UUID) string { return uuid.UUID(u).String() }
