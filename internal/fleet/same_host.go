package fleet

import (
	"context"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// SameHostError is one libvirt host that the configuration has twice.
type SameHostError struct {
	// Names are the two names it goes by.
	Names [2]string
	// HostUUID is the one that libvirt gives for both.
	HostUUID string
}

func (e *SameHostError) Error() string {
	return fmt.Sprintf("the hosts %s are one and the same libvirt host (%s)", Quote(e.Names[:]), e.HostUUID)
}

// SameUUIDError is two hosts that libvirt knows by one host UUID, as their different host
// names tell. The provider could not tell them apart.
type SameUUIDError struct {
	// Names are the hosts', Hostnames what their libvirt calls them.
	Names, Hostnames [2]string
	HostUUID         string
}

func (e *SameUUIDError) Error() string {
	return fmt.Sprintf("the hosts %s are two machines (%s and %s) with one host UUID (%s)",
		Quote(e.Names[:]), e.Hostnames[0], e.Hostnames[1], e.HostUUID)
}

// sameUUID tells one host that the configuration has twice from two with one UUID.
func sameUUID(ctx context.Context, uuid string, hosts [2]*host.Host) error {
	names := [2]string{hosts[0].Name(), hosts[1].Name()}
	var hostnames [2]string
	for i, h := range hosts {
		identity, err := h.Identity(ctx)
		if err != nil {
			return &SameHostError{Names: names, HostUUID: uuid}
		}
		hostnames[i] = identity.Hostname
	}
	if hostnames[0] != hostnames[1] {
		return &SameUUIDError{Names: names, Hostnames: hostnames, HostUUID: uuid}
	}
	return &SameHostError{Names: names, HostUUID: uuid}
}
