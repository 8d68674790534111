//go:build lab

package host_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// libvirt's host keeps a password as it was typed, and its own clients show it as
// they were given it. What both look like may differ in its bytes.
func TestSASLPasswordsBeyondASCII(t *testing.T) {
	l := labHosts(t)[0]
	const (
		composed, decomposed = "s3cret p\u00e4sswort", "s3cret pa\u0308sswort"
		wideSpace, space     = "s3cret\u00a0word", "s3cret word"
		ligature             = "s3cret \ufb01sh"
		emoji                = "s3cret \U0001f41f"
	)
	tests := map[string]struct {
		kept    string
		given   map[string]bool // whether it lets us in
		byPlain map[string]bool
	}{
		"composed": {
			composed,
			map[string]bool{composed: true, decomposed: true, "s3cret passwort": false},
			map[string]bool{composed: true, decomposed: false},
		},
		"decomposed": {
			decomposed,
			map[string]bool{decomposed: true, composed: false},
			map[string]bool{decomposed: true, composed: false},
		},
		"space that is none in ASCII": {
			wideSpace,
			map[string]bool{wideSpace: true, space: false},
			map[string]bool{wideSpace: true, space: false},
		},
		"space":    {space, map[string]bool{space: true, wideSpace: true}, map[string]bool{wideSpace: false}},
		"ligature": {ligature, map[string]bool{ligature: true, "s3cret fish": false}, map[string]bool{ligature: true}},
		"emoji":    {emoji, map[string]bool{emoji: true, "s3cret fish": false}, map[string]bool{emoji: true}},
	}
	for _, mechanism := range []string{"scram-sha-1", "scram-sha-256", "scram-sha-512", "plain"} {
		for name, test := range tests {
			t.Run(mechanism+", "+name, func(t *testing.T) {
				l.RequireLogin(t, "fred", test.kept, mechanism)
				given := test.given
				if mechanism == "plain" {
					given = test.byPlain
				}
				for password, letsIn := range given {
					cfg := host.Config{Name: "kvm9", URI: l.TLSURI, Username: "fred", Password: host.Password(password)}
					err := ping(testContext(t), open(t, cfg))
					if letsIn && err != nil {
						t.Errorf("%+q: %v", password, err)
					}
					if !letsIn {
						checkRefused(t, err, "libvirt refuses the user name or the password")
					}
				}
			})
		}
	}
}
