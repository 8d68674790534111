//go:build lab

package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccInvoke_firmware moves guests whose hosts keep something for them beside
// their definition: there by virsh, back by the provider.
func TestAccInvoke_firmware(t *testing.T) {
	t.Parallel()
	needActions(t)
	world := testLab(t)
	for name, test := range map[string]struct {
		part lab.Part
		kept func(guest *lab.Guest) string // a file of the guest's host
	}{
		"UEFI with NVRAM": {lab.UEFI{}, (*lab.Guest).NVRAM},
		"TPM":             {lab.TPM{}, (*lab.Guest).TPMState},
	} {
		for _, mode := range []string{"peer_to_peer", "direct"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				guest := world.StartGuest(t, lab.GuestSpec{Host: "kvm2", MemoryMiB: 256}.With(test.part))
				started := time.Now()
				moveByVirsh(t, guest, "kvm2", "kvm1")
				requireHome(t, guest, "kvm1", "running")

				w := newWorkspace(t, labProvider(t).String()+inMode(mode, moveAction)(guest.Name, ""))
				w.must(t, 0, invoke...)
				requireHome(t, guest, "kvm2", "running")
				requireSteadyPulse(t, guest, started, 10*time.Second)
				if err := world.Host("kvm2").Command(t.Context(), "test", "-e", test.kept(guest)).Run(); err != nil {
					t.Errorf("kvm2 does not keep %s: %v", test.kept(guest), err)
				}
				if xml := world.Host("kvm2").MustVirsh(t, "dumpxml", "--inactive", guest.UUID); !strings.Contains(xml, "firmware='efi'") && !strings.Contains(xml, "<tpm model='tpm-crb'>") {
					t.Errorf("the definition has lost the part:\n%s", xml)
				}
			})
		}
	}
}
