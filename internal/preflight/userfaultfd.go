package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// userfaultfdCheck says that nobody can ask whether QEMU may use userfaultfd, which
// post-copy needs: it may as root, or with the sysctl vm.unprivileged_userfaultfd.
type userfaultfdCheck struct{}

func (userfaultfdCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	if !s.Move.Policy.PostCopy() {
		return nil, nil
	}
	return nil, unknowable(s.destination(), "vm.unprivileged_userfaultfd")
}
