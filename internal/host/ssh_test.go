package host_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

func TestSSHConnects(t *testing.T) {
	for _, l := range labHosts(t) {
		h := open(t, host.Config{Name: l.Name, URI: l.SSHURI})
		if _, err := h.Domains(testContext(t)); err != nil {
			t.Error(err)
		}
	}
}
