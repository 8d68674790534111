package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// modeCheck looks whether the mode that is asked for has what it needs.
type modeCheck struct{}

// NoPeerURI is a destination that other hosts' libvirt cannot reach, of a move that is to
// be peer-to-peer.
type NoPeerURI struct{}

// Problem implements migration.Fact.
func (NoPeerURI) Problem() string { return "no peer_uri" }

func (modeCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	if s.Move.Mode != migration.PeerToPeer || s.Move.PeerURI != "" {
		return nil, nil
	}
	return []migration.Finding{{Fact: NoPeerURI{}, Host: s.destination()}}, nil
}
