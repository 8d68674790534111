package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// tpmCheck looks whether the destination can give the guest its TPM. For an emulated one
// libvirt needs the programs swtpm and swtpm_setup.
type tpmCheck struct{}

// TPMMissing is a host that cannot give a guest a TPM of that Backend, Model or Version:
// the one that it cannot is not empty.
type TPMMissing struct{ Backend, Model, Version string }

// Problem implements migration.Fact.
func (TPMMissing) Problem() string { return "no such TPM" }

// TPMState is an emulated TPM, whose state stays on the source when a definition moves.
type TPMState struct{}

// Problem implements migration.Fact.
func (TPMState) Problem() string { return "the TPM's state stays behind" }

func (tpmCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.TPMs) == 0 {
		return nil, nil
	}
	if s.Move.Definition && slices.ContainsFunc(s.guest.TPMs, func(t TPM) bool { return t.Backend == "emulator" }) {
		return []migration.Finding{{Fact: TPMState{}, Host: s.source(), Device: "tpm"}}, nil
	}
	c, known, err := s.capabilities(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	if !known {
		return nil, nil
	}
	has := func(enumeration, value string) bool { return value == "" || c.Has("tpm", enumeration, value) }
	var found []migration.Finding
	for _, tpm := range s.guest.TPMs {
		var fact TPMMissing
		switch {
		case !has("backendModel", tpm.Backend):
			fact.Backend = tpm.Backend
		case !has("model", tpm.Model):
			fact.Model = tpm.Model
		case tpm.Backend == "emulator" && !has("backendVersion", tpm.Version):
			fact.Version = tpm.Version
		default:
			continue
		}
		found = append(found, migration.Finding{Fact: fact, Host: s.destination(), Device: "tpm"})
	}
	return found, nil
}
