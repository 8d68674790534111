package fleet

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// departed stands before the text of a member that was let go.
const departed = "-"

// MarshalText is a member as private state holds it: its UUID in base64, a space and its name.
// Each VM's policy remembers all hosts, and Terraform writes its whole state, with all that,
// for each resource that it changes.
func (m Member) MarshalText() ([]byte, error) {
	id := m.UUID
	if parsed, err := uuid.Parse(id); err == nil && parsed.String() == id {
		id = base64.RawStdEncoding.EncodeToString(parsed[:])
	}
	if m.LetGo {
		id = departed + id
	}
	return []byte(id + " " + m.Name), nil
}

// UnmarshalText reads what MarshalText has written.
func (m *Member) UnmarshalText(text []byte) error {
	id, name, ok := strings.Cut(string(text), " ")
	if !ok {
		return fmt.Errorf("%q is not a host", text)
	}
	id, gone := strings.CutPrefix(id, departed)
	if raw, err := base64.RawStdEncoding.DecodeString(id); err == nil && len(raw) == len(uuid.UUID{}) {
		id = uuid.UUID(raw).String()
	}
	*m = Member{Name: name, UUID: id, LetGo: gone}
	return nil
}
