package transport

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
)

// MigrationURI is where memory is sent to a host.
type MigrationURI struct {
	// Host is a name or an address, without brackets.
	Host string
	// Port is 0 where libvirt on the host chooses one of its range for each migration.
	Port uint16
	// RDMA is true for memory that is sent by RDMA, and not over TCP.
	RDMA bool
}

// ParseMigrationURI reads a migration URI. The error never quotes it.
func ParseMigrationURI(uri string) (MigrationURI, error) {
	u, err := url.Parse(uri)
	if err != nil || !slices.Contains([]string{"tcp", "rdma"}, u.Scheme) || u.Hostname() == "" {
		return MigrationURI{}, errors.New("write it like tcp://10.0.0.2, tcp://[fd00::2] or tcp://kvm2.example.com " +
			"(or with rdma)")
	}
	if u.User != nil {
		return MigrationURI{}, errors.New("it takes no user and no password")
	}
	if err := checkAddress(u.Host); err != nil {
		return MigrationURI{}, err
	}
	port, _ := strconv.ParseUint(u.Port(), 10, 16) // checked; empty is 0
	return MigrationURI{Host: u.Hostname(), Port: uint16(port), RDMA: u.Scheme == "rdma"}, nil
}
