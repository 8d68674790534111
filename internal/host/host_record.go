package host

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/digitalocean/go-libvirt"
)

// Level is a level of policy that is kept per host and not with a VM.
type Level int

// The levels kept per host.
const (
	// Global is the record of the global settings.
	Global Level = iota
	// Cluster is the record of the host's cluster.
	Cluster
)

// String is the level as words want it.
func (l Level) String() string {
	if l == Global {
		return "global"
	}
	return "cluster"
}

// SecretUUID is the UUID of the secret that holds the level's record on each
// host.
func (l Level) SecretUUID() string { return secretUUIDs[l] }

// secretUUIDs are the UUIDs of the secrets that hold the records.
var secretUUIDs = map[Level]string{
	Global:  "6d696772-6174-4e00-8000-676c6f62616c",
	Cluster: "6d696772-6174-4e00-8000-636c75737465",
}

// secretDriverPackage is the package that Debian, Fedora and their like put the
// driver in.
const secretDriverPackage = "libvirt-daemon-driver-secret"

// secretXML is the definition of a secret, as far as a record needs it.
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

// ours tells whether it is a secret such as we define: one that holds nothing.
func (s secretXML) ours() bool {
	return s.Ephemeral == "no" && s.Private == "no" && s.Usage == nil && strings.TrimSpace(s.Description) != ""
}

// Record reads the host's record of a level: its JSON text, or nil when there is
// none. A secret of that UUID that is not of our shape comes back as its XML.
func (h *Host) Record(ctx context.Context, level Level) (*string, error) {
	op := fmt.Sprintf("read the %s record", level)
	secret, err := level.secret()
	if err != nil {
		return nil, h.fail(op, err)
	}
	definition, err := read(ctx, h, op, quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.SecretGetXMLDesc(secret, 0)
	})
	if errors.Is(err, ErrNoRecord) {
		return nil, nil
	}
	if err != nil {
		return nil, h.withoutDriver(err)
	}
	var s secretXML
	if xml.Unmarshal([]byte(definition), &s) == nil && s.ours() {
		return &s.Description, nil
	}
	return &definition, nil
}

// WriteRecord writes the host's record of a level, in one step.
func (h *Host) WriteRecord(ctx context.Context, level Level, json string) error {
	op := fmt.Sprintf("write the %s record", level)
	if err := checkSize(json); err != nil {
		return h.fail(op, err)
	}
	b, err := xml.Marshal(secretXML{Ephemeral: "no", Private: "no", UUID: secretUUIDs[level], Description: json})
	if err != nil {
		return h.fail(op, err)
	}
	return h.putRecord(ctx, op, level, &json, func(lv *libvirt.Libvirt) error {
		_, err := lv.SecretDefineXML(string(b), 0)
		return err
	})
}

// DeleteRecord removes the host's record of a level. That there is none is
// success.
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

// putRecord reads first, so that a write that is not needed is not made, and
// again where the outcome of the write is unknown, so that it is repeated only
// if it had no effect.
func (h *Host) putRecord(ctx context.Context, op string, level Level, json *string, put func(*libvirt.Libvirt) error) error {
	var failure error
	for range 2 {
		found, err := h.Record(ctx, level)
		if err != nil {
			return errors.Join(failure, err)
		}
		if same(found, json) {
			return nil
		}
		failure = write(ctx, h, op, h.deadlines.Call, quick, put)
		if !errors.Is(failure, ErrOutcomeUnknown) {
			break
		}
	}
	if json == nil && errors.Is(failure, ErrNoRecord) {
		return nil // another program was quicker
	}
	return h.withoutDriver(failure)
}

// withoutDriver explains the one answer that a daemon without the secret driver
// gives to every call about secrets.
func (h *Host) withoutDriver(err error) error {
	var e *Error
	if errors.As(err, &e) && libvirt.ErrorNumber(e.Code) == libvirt.ErrNoSupport {
		e.Message = fmt.Sprintf("libvirt on this host has no secret driver, in which the record is kept; install the package %s there and restart libvirt (%s)",
			secretDriverPackage, e.Message)
		e.kinds = append(e.kinds, ErrNoSecretDriver)
	}
	return err
}

func (l Level) secret() (libvirt.Secret, error) {
	u, err := parseUUID(secretUUIDs[l])
	return libvirt.Secret{UUID: u}, err
}
