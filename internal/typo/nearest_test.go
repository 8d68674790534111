package typo_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/typo"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	for misspelled, want := range map[string]string{
		"keyfil": "keyfile", "KEYFILE": "", "pki_path": "pkipath", "modes": "mode", "no-verify": "no_verify", "socket": "socket", "x": "", "": "",
		"something": "",
	} {
		got, ok := typo.Nearest(misspelled, []string{"keyfile", "pkipath", "mode", "no_verify", "socket"})
		if got != want || ok != (want != "") {
			t.Errorf("nearest of %q is %q, %v, want %q", misspelled, got, ok, want)
		}
	}
}
