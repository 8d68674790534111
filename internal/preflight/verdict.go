package preflight

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// verdictCheck asks the source to begin the migration, and leaves it at that: libvirt then
// makes all its own checks of snapshots, disks, devices and jobs, moves nothing and keeps no
// job. It is asked only where no job runs on the VM, for which it would wait 30 s. Other checks
// say nothing of what it refuses.
type verdictCheck struct{}

// Refused is a migration that the source's libvirt refuses, for the reason in
// Finding.Err.
type Refused struct{}

// Problem implements migration.Fact.
func (Refused) Problem() string { return "refused by libvirt" }

// verdict is what the source said: a refusal, or that it is not known; both nil where it would
// begin.
type verdict struct{ refusal, unknown error }

// verdict is what the source says, for all checks of a move.
func (s *scope) verdict(ctx context.Context) verdict {
	v, err := s.judged.get(ctx, checkDeadline, func(ctx context.Context) (verdict, error) { return s.begin(ctx), nil })
	if err != nil {
		v.unknown = unasked(s.source(), "", err)
	}
	return v
}

// uncopiedObstacles are those of disks that are not to be copied.
var uncopiedObstacles = []storage.Obstacle{storage.Silent, storage.StaleLeftover, storage.OtherImage}

// begin asks the source. A disk that cannot be copied counts as one that is: another check
// tells of it.
func (s *scope) begin(ctx context.Context) verdict {
	move := s.Move
	move.Storage = s.disks(ctx).only(func(d storage.Decision) bool {
		uncopied := slices.Contains(uncopiedObstacles, d.Obstacle)
		return d.Copied() || d.Fate == storage.Refused && !uncopied && !d.Fixed && d.Path != ""
	}).Storage(s.assessed.Identities())
	return s.beginning(ctx, move)
}

// beginning asks the source whether it would begin a migration.
func (s *scope) beginning(ctx context.Context, move migration.Request) verdict {
	if !s.assessed.Idle() {
		return verdict{unknown: &unaskedError{why: UnderWay}}
	}
	if len(s.changed.Changes) > 0 && !move.Definition { // of a VM that runs, libvirt compares what the guest sees
		move.Changed.Running = migration.Definition(s.changed.XML)
	}
	if s.config != nil && len(s.config.changed.Changes) > 0 {
		move.Changed.Persistent = migration.Definition(s.config.changed.XML)
	}
	_, _, err := s.Source.Begin(ctx, move.UUID, move.Parameters(s.assessed.Source().Domain))
	switch {
	case err == nil:
		return verdict{}
	case errors.Is(err, migration.ErrBusy):
		return verdict{unknown: &unaskedError{why: UnderWay, host: s.source(), err: err}}
	case migration.Lost(err), errors.Is(err, migration.ErrDenied), errors.Is(err, migration.ErrNoDomain):
		return verdict{unknown: unasked(s.source(), "", err)}
	}
	return verdict{refusal: err}
}

func (verdictCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	v := s.verdict(ctx)
	if v.refusal == nil || s.ofThePolicy(v.refusal) {
		return nil, v.unknown
	}
	return []migration.Finding{{
		Fact: Refused{}, Host: s.source(), Lasting: s.lasting(v.refusal), Err: v.refusal,
	}}, nil
}

// What refusals are about that the policy asks for, and those that pass by themselves.
var (
	policyKinds = []refusal.Kind{
		refusal.Unsupported, refusal.Incompatible, refusal.PostCopy, refusal.Userfaultfd, refusal.EncryptionForced,
		refusal.NoCertificate,
	}
	passingKinds = []refusal.Kind{refusal.BlockJob, refusal.Busy, refusal.NotRunning, refusal.Blocker}
)

// ofThePolicy tells whether policyCheck or versionsCheck says in the policy's words what the
// refusal is about.
func (s *scope) ofThePolicy(err error) bool {
	kind := kindOf(err)
	if !slices.Contains(policyKinds, kind) && (kind != refusal.Unknown || !errors.Is(err, migration.ErrUnsupported)) {
		return false
	}
	source, _ := s.assessed.Identities()
	return len(s.Move.Policy.Conflicts()) > 0 || len(s.outdated(source, true)) > 0
}

// lasting tells whether nothing cures a refusal. Storage and devices stay as they are; of one
// that is not known the code tells.
func (s *scope) lasting(err error) bool {
	switch kind := kindOf(err); {
	case slices.Contains(passingKinds, kind):
		return false
	case slices.Contains(policyKinds, kind), kind == refusal.Unknown && errors.Is(err, migration.ErrUnsupported):
		return !s.Unsettled
	case kind == refusal.Unknown:
		return errors.Is(err, migration.ErrUnsafe)
	}
	return true
}

// refused tells whether the source refuses the migration for one of these reasons.
func (s *scope) refused(ctx context.Context, kinds ...refusal.Kind) bool {
	err := s.verdict(ctx).refusal
	return err != nil && slices.Contains(kinds, kindOf(err))
}

// kindOf is what a host's error means, where the host knows it.
func kindOf(err error) refusal.Kind {
	var knowing interface{ RefusalKind() refusal.Kind }
	if errors.As(err, &knowing) {
		return knowing.RefusalKind()
	}
	return refusal.Unknown
}
