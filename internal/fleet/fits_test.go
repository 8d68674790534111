package fleet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

const (
	// likeUUID is the name of a VM of which a person could take it for a UUID.
	likeUUID = "5ca1ab1e-0000-4000-8000-00000000cafe"
	// sharedUUID is the UUID of one VM and the name of another.
	sharedUUID = "5ca1ab1e-0000-4000-8000-00000000f00d"
)

// Terraform normalises every string of a configuration to NFC.
var (
	composed   = norm.NFC.String("prüfstand-é")
	decomposed = norm.NFD.String(composed)
)

func TestFits(t *testing.T) {
	t.Parallel()
	domain := func(uuid, name string) migration.Domain { return migration.Domain{UUID: uuid, Name: name} }
	for name, test := range map[string]struct {
		vm     string
		domain migration.Domain
		want   bool
	}{
		"its name":              {"web", domain(sharedUUID, "web"), true},
		"its UUID":              {sharedUUID, domain(sharedUUID, "web"), true},
		"its UUID in capitals":  {strings.ToUpper(sharedUUID), domain(sharedUUID, "web"), true},
		"its name like a UUID":  {likeUUID, domain(sharedUUID, likeUUID), true},
		"its name in two runes": {composed, domain(sharedUUID, decomposed), true},
		"another name":          {"Web", domain(sharedUUID, "web"), false},
		"another UUID":          {likeUUID, domain(sharedUUID, "web"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, Fits(test.vm, test.domain)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
