package host

import (
	"context"
	"encoding/xml"
	"errors"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// leasePrefix begins the names of all leases.
const leasePrefix = "virt-"

// usageVTPM is libvirt's usage type vtpm (VIR_SECRET_USAGE_TYPE_VTPM): the only one whose name is any word, and of
// which libvirt never looks for one by itself.
const usageVTPM = 5

// Lease is a right to do something on the host, in the hands of one run: an ephemeral secret, without a value, whose
// usage is the name. libvirt keeps no two secrets of one usage, so nobody else can take it.
type Lease struct {
	// UUID is a random one: who has read it can end this lease, and no later one of that name.
	UUID string
	// Name begins with "virt-".
	Name string
}

// ErrLeaseTaken is a lease that somebody else has.
var ErrLeaseTaken = errors.New("the lease is taken")

// leaseXML is the definition of a lease.
type leaseXML struct {
	XMLName     xml.Name `xml:"secret"`
	Ephemeral   string   `xml:"ephemeral,attr"`
	Private     string   `xml:"private,attr"`
	UUID        string   `xml:"uuid"`
	Description string   `xml:"description"`
	Usage       struct {
		Type string `xml:"type,attr"`
		Name string `xml:"name"`
	} `xml:"usage"`
}

// TakeLease takes a lease, or renews the caller's own. What the description says is for others to read. The error
// matches ErrLeaseTaken where somebody else has it.
func (h *Host) TakeLease(ctx context.Context, l Lease, description string) error {
	op := "take the lease " + l.Name
	s := leaseXML{Ephemeral: "yes", Private: "no", UUID: l.UUID, Description: description}
	s.Usage.Type, s.Usage.Name = "vtpm", l.Name
	b, err := xml.Marshal(s)
	if err != nil {
		return h.fail(op, err)
	}
	define := func(lv *libvirt.Libvirt) error {
		_, err := lv.SecretDefineXML(string(b), 0)
		return err
	}
	err = write(ctx, h, op, h.deadlines.Call, rpc.Quick, define)
	if errors.Is(err, ErrOutcomeUnknown) { // it is the same if it is taken twice
		if again := write(ctx, h, op, h.deadlines.Call, rpc.Quick, define); !errors.Is(again, migration.ErrUnsent) {
			err = again
		}
	}
	if err == nil || !answered(err, libvirt.ErrInternalError) {
		return h.withoutDriver(err)
	}
	others, listing := h.Leases(ctx) // libvirt has no error of its own for it
	for _, other := range others {
		if listing == nil && other.Name == l.Name && other.UUID != l.UUID {
			return &Error{Host: h.cfg.Name, Op: op, kinds: []error{ErrLeaseTaken}, Message: "it is taken", cause: err}
		}
	}
	return err
}

// Leases are all leases on the host.
func (h *Host) Leases(ctx context.Context) ([]Lease, error) {
	secrets, err := read(ctx, h, "list leases", rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.Secret, error) {
		found, _, err := lv.ConnectListAllSecrets(1, libvirt.ConnectListSecretsEphemeral)
		return found, err
	})
	if err != nil {
		return nil, h.withoutDriver(err)
	}
	var leases []Lease
	for _, s := range secrets {
		if s.UsageType == usageVTPM && strings.HasPrefix(s.UsageID, leasePrefix) {
			leases = append(leases, Lease{UUID: formatUUID(s.UUID), Name: s.UsageID})
		}
	}
	return leases, nil
}

// LeaseDescription is what a lease says; nil where it has ended.
func (h *Host) LeaseDescription(ctx context.Context, l Lease) (*string, error) {
	const op = "read a lease"
	secret, err := l.secret()
	if err != nil {
		return nil, h.fail(op, err)
	}
	definition, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.SecretGetXMLDesc(secret, 0)
	})
	switch {
	case errors.Is(err, ErrNoRecord):
		return nil, nil
	case err != nil:
		return nil, h.withoutDriver(err)
	}
	var s leaseXML
	if err := xml.Unmarshal([]byte(definition), &s); err != nil {
		return nil, h.fail(op, err)
	}
	return &s.Description, nil
}

// EndLease ends a lease, and succeeds if it has ended.
func (h *Host) EndLease(ctx context.Context, l Lease) error {
	const op = "end a lease"
	secret, err := l.secret()
	if err != nil {
		return h.fail(op, err)
	}
	end := func(lv *libvirt.Libvirt) error { return lv.SecretUndefine(secret) }
	err = write(ctx, h, op, h.deadlines.Call, rpc.Quick, end)
	if errors.Is(err, ErrOutcomeUnknown) { // a UUID never comes again
		err = write(ctx, h, op, h.deadlines.Call, rpc.Quick, end)
	}
	if errors.Is(err, ErrNoRecord) {
		return nil
	}
	return h.withoutDriver(err)
}

func (l Lease) secret() (libvirt.Secret, error) {
	u, err := parseUUID(l.UUID)
	return libvirt.Secret{UUID: u, UsageType: usageVTPM, UsageID: l.Name}, err
}

// KeepsNoLeases tells whether an error of a call about leases means that the host keeps none for this login: its
// libvirt has no secret driver, or is too old, or does not allow it.
func KeepsNoLeases(err error) bool {
	oldUsage := answered(err, libvirt.ErrConfigUnsupported) // a libvirt older than 5.6 does not know that of leases
	return isWithoutDriver(err) || errors.Is(err, ErrDenied) || errors.Is(err, ErrUnsupported) || oldUsage
}

// isWithoutDriver tells whether a host has said that it has no secret driver.
func isWithoutDriver(err error) bool { return errors.Is(err, ErrNoSecretDriver) }
