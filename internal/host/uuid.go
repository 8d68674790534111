package host

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/digitalocean/go-libvirt"
)

// handle names a domain to libvirt, which looks at the UUID only.
func handle(uuid string) (libvirt.Domain, error) {
	u, err := parseUUID(uuid)
	return libvirt.Domain{UUID: u}, err
}

func parseUUID(s string) (libvirt.UUID, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != libvirt.UUIDBuflen {
		return libvirt.UUID{}, fmt.Errorf("%q is not a UUID", s)
	}
	return libvirt.UUID(raw), nil
}

// formatUUID writes a UUID as libvirt does: lower case, with dashes.
func formatUUID(u libvirt.UUID) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
