package host

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Level is what a record is about that is kept per host, not with a VM: a level of policy, or the host itself.
type Level int

// The levels kept per host.
const (
	// Global is the record of the global settings.
	Global Level = iota
	// Cluster is the record of the host's cluster.
	Cluster
	// Itself is the host's own record, which is no policy.
	Itself
)

// String is the level's name in messages.
func (l Level) String() string {
	switch l {
	case Global:
		return "global"
	case Cluster:
		return "cluster"
	case Itself:
	}
	return "host's own"
}

// SecretUUID is the UUID of the secret that holds the level's record on each
// host.
func (l Level) SecretUUID() string { return secretUUIDs[l] }

// secretUUIDs are the UUIDs of the secrets that hold the records.
var secretUUIDs = map[Level]string{
	Global:  "6d696772-6174-4e00-8000-676c6f62616c",
	Cluster: "6d696772-6174-4e00-8000-636c75737465",
	Itself:  "6d696772-6174-4e00-8000-686f73740000",
}

// secretDriverPackage is the driver's package on Debian, Fedora and their derivatives.
const secretDriverPackage = "libvirt-daemon-driver-secret"

// secretXML is the part of a secret's definition that a record needs.
type secretXML struct {
	XMLName     xml.Name `xml:"secret"`
	Ephemeral   string   `xml:"ephemeral,attr"`
	Private     string   `xml:"private,attr"`
	UUID        string   `xml:"uuid"`
	Description string   `xml:"description"`
	Usage       *struct {
		Type string `xml:"type,attr"`
	} `xml:"usage"`
}

// ours tells whether the secret is a record: it has no value and no usage.
func (s secretXML) ours() bool {
	return s.Ephemeral == "no" && s.Private == "no" && s.Usage == nil && strings.TrimSpace(s.Description) != ""
}

// foreign tells whether the secret is another program's: it has a usage, or a private
// value.
func (s secretXML) foreign() bool { return s.Usage != nil || s.Private == "yes" }

// Record reads the host's record of a level: its JSON text, or nil if there is none. A
// secret of that UUID that is not a record is given as XML.
func (h *Host) Record(ctx context.Context, level Level) (*string, error) {
	found, _, err := h.readSecret(ctx, fmt.Sprintf("read the %s record", level), level)
	return found, err
}

// readSecret is Record, and tells whether the secret is another program's.
func (h *Host) readSecret(ctx context.Context, op string, level Level) (record *string, foreign bool, err error) {
	secret, err := level.secret()
	if err != nil {
		return nil, false, h.fail(op, err)
	}
	definition, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.SecretGetXMLDesc(secret, 0)
	})
	if errors.Is(err, ErrNoRecord) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, h.withoutDriver(err)
	}
	var s secretXML
	if xml.Unmarshal([]byte(definition), &s) == nil && s.ours() {
		return &s.Description, false, nil
	}
	return &definition, s.foreign(), nil
}

// WriteRecord writes the host's record of a level atomically. It does not touch another
// program's secret of that UUID: the error then matches ErrForeignSecret.
func (h *Host) WriteRecord(ctx context.Context, level Level, json string) error {
	op := fmt.Sprintf("write the %s record", level)
	b, err := xml.Marshal(secretXML{Ephemeral: "no", Private: "no", UUID: secretUUIDs[level], Description: json})
	if err != nil {
		return h.fail(op, err)
	}
	return h.putRecord(ctx, op, level, &json, func(lv *libvirt.Libvirt) error {
		_, err := lv.SecretDefineXML(string(b), 0)
		return err
	})
}

// DeleteRecord removes the host's record of a level and succeeds if there is none. Like
// WriteRecord it does not touch another program's secret.
func (h *Host) DeleteRecord(ctx context.Context, level Level) error {
	op := fmt.Sprintf("delete the %s record", level)
	secret, err := level.secret()
	if err != nil {
		return h.fail(op, err)
	}
	return h.putRecord(ctx, op, level, nil, func(lv *libvirt.Libvirt) error {
		return lv.SecretUndefine(secret)
	})
}

// putRecord reads first, to skip an unneeded write, and again after a write of unknown
// outcome, to repeat it only if it had no effect.
func (h *Host) putRecord(
	ctx context.Context, op string, level Level, json *string, put func(*libvirt.Libvirt) error,
) error {
	var failure error
	for range 2 {
		found, foreign, err := h.readSecret(ctx, op, level)
		if err != nil {
			return errors.Join(failure, err)
		}
		if foreign {
			return h.foreign(op, level)
		}
		if same(found, json) {
			return nil
		}
		failure = write(ctx, h, op, h.deadlines.Call, rpc.Quick, put)
		if !errors.Is(failure, ErrOutcomeUnknown) {
			break
		}
	}
	if json == nil && errors.Is(failure, ErrNoRecord) {
		return nil // another program was quicker
	}
	return h.withoutDriver(failure)
}

func (h *Host) foreign(op string, level Level) error {
	return &Error{Host: h.cfg.Name, Op: op, kinds: []error{ErrForeignSecret}, Message: fmt.Sprintf(
		"the secret %s belongs to another program: it has a usage or a private value, which a record never has",
		level.SecretUUID())}
}

// withoutDriver explains the error that a daemon without the secret driver returns to
// every call about secrets.
func (h *Host) withoutDriver(err error) error {
	var e *Error
	if errors.As(err, &e) && libvirt.ErrorNumber(e.Code) == libvirt.ErrNoSupport {
		e.Message = fmt.Sprintf("libvirt on this host has no secret driver, which keeps the record; "+
			"install the package %s there and restart libvirt (%s)", secretDriverPackage, e.Message)
		e.kinds = append(e.kinds, ErrNoSecretDriver)
	}
	return err
}

func (l Level) secret() (libvirt.Secret, error) {
	u, err := parseUUID(secretUUIDs[l])
	return libvirt.Secret{UUID: u}, err
}
