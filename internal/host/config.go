package host

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// Config says how one host is reached.
type Config struct {
	// Name is the host's name in the provider's configuration.
	Name string
	// URI is how this process reaches the host's libvirt, or an alias of such a URI in
	// libvirt's client configuration.
	URI string
	// PeerURI is how other hosts' libvirt reaches it. If empty, it is URI without its
	// client-side parameters, or none if URI is local.
	PeerURI string
	// MigrationURI is where memory is sent when this host is the destination, as in
	// tcp://10.0.0.2. If empty, its libvirt chooses. With a port, one migration at a time can
	// come in.
	MigrationURI string
	// ListenAddress is where QEMU on this host receives memory, a name or an address. If empty,
	// it is migration_address in its qemu.conf, else all addresses.
	ListenAddress string
	// TLSDestination is the name in this host's certificate for encrypted migrations. If empty,
	// it is the name or address that memory is sent to.
	TLSDestination string
	// Username and Password are for a host whose libvirt requires SASL. If empty, they
	// are those of libvirt's auth.conf.
	Username string
	Password Password
}

// Password is a secret that does not show when it is printed.
type Password = rpc.Password

// Fields of a Config, as the provider's configuration calls them.
const (
	FieldURI            = "uri"
	FieldPeerURI        = "peer_uri"
	FieldMigrationURI   = "migration_uri"
	FieldListenAddress  = "listen_address"
	FieldTLSDestination = "tls_destination"
	FieldUsername       = "username"
	FieldPassword       = "password"
)

// ConfigError is an invalid field of a Config. It never quotes the value, which may hold
// a password.
type ConfigError struct {
	// Host is the name of the host, Field one of the Field constants.
	Host, Field string
	// Reason says what is wrong and what would be right.
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("host %q: invalid %s: %s", e.Host, e.Field, e.Reason)
}

// Validate checks every field and returns an error for each invalid one.
func (c Config) Validate() []*ConfigError {
	_, errs := c.parse()
	return errs
}

// parse is Validate, and returns the endpoint of the URI.
func (c Config) parse() (endpoint *transport.Endpoint, errs []*ConfigError) {
	for _, f := range []struct {
		name, value string
		check       func(string) error
	}{
		{FieldURI, c.URI, func(uri string) (err error) {
			endpoint, err = transport.Parse(uri)
			return err
		}},
		{FieldPeerURI, c.PeerURI, checkPeerURI},
		{FieldMigrationURI, c.MigrationURI, checkMigrationURI},
		{FieldListenAddress, c.ListenAddress, checkBareAddress},
		{FieldTLSDestination, c.TLSDestination, checkBareAddress},
		{FieldUsername, c.Username, checkNoNUL},
		{FieldPassword, string(c.Password), func(password string) error {
			if (password == "") != (c.Username == "") {
				return errors.New("username and password must be set together")
			}
			return checkNoNUL(password)
		}},
	} {
		if err := f.check(f.value); err != nil {
			errs = append(errs, &ConfigError{Host: c.Name, Field: f.name, Reason: err.Error()})
		}
	}
	return endpoint, errs
}

func checkPeerURI(uri string) error {
	if uri == "" {
		return nil
	}
	return transport.CheckPeerURI(uri)
}

// unspecified tells of an address that stands for all of a host's own.
func unspecified(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.Unmap().IsUnspecified()
}

func checkNoNUL(s string) error {
	if strings.ContainsRune(s, 0) {
		return errors.New("it holds a NUL character")
	}
	return nil
}

func checkMigrationURI(uri string) error {
	if uri == "" {
		return nil
	}
	_, err := transport.ParseMigrationURI(uri)
	return err
}

func checkBareAddress(text string) error {
	if text == "" {
		return nil
	}
	return transport.CheckBareAddress(text)
}

// Loopbacks returns an error for each URI for other hosts that leads each of them to
// itself, and for an address that no other host reaches. A host that has no others may have any.
func (c Config) Loopbacks() []*ConfigError {
	const reason = "its host means, on every other host, that host itself; write the name or address by which they " +
		"reach this one"
	var errs []*ConfigError
	if transport.NewPeer(c.PeerURI).Loopback() {
		errs = append(errs, &ConfigError{Host: c.Name, Field: FieldPeerURI, Reason: reason})
	}
	if uri, err := transport.ParseMigrationURI(c.MigrationURI); err == nil && transport.Loopback(uri.Host) {
		errs = append(errs, &ConfigError{Host: c.Name, Field: FieldMigrationURI, Reason: reason})
	}
	if transport.Loopback(c.ListenAddress) && !unspecified(c.ListenAddress) {
		errs = append(errs, &ConfigError{
			Host: c.Name, Field: FieldListenAddress, Reason: "no other host reaches a loopback address; write an address " +
				"of the network that memory comes over",
		})
	}
	return errs
}
