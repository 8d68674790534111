package provider

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// Without --persistent and --undefinesource a second definition that could be
// started would be left on the source.
func TestExplainNamesTheWholeRecoveryOfAPostCopy(t *testing.T) {
	t.Parallel()
	text := explain(&fleet.BrokenPostCopyError{Name: "web", UUID: "7a5b1c7e-0000-4000-8000-000000000001", Hosts: []string{"kvm1", "kvm2"}})
	for _, words := range []string{
		"Destroy or resume neither", "--postcopy-resume --persistent --undefinesource 7a5b1c7e-0000-4000-8000-000000000001 DESTINATION`", "--tls", "peer_uri",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("%q does not say %q", text, words)
		}
	}
}
