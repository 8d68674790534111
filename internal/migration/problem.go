package migration

// The facts that the engine's own checks find.
type (
	// NoAnswer is a host whose libvirt does not answer, for the reason in Finding.Err.
	NoAnswer struct{}
	// SameHost is one host under two names.
	SameHost struct{ Identity Identity }
	// SameUUID is two hosts that libvirt knows by one host UUID, as their different host
	// names tell.
	SameUUID struct{ Source, Destination Identity }
	// NotRunning is a VM that does not run on the source, where Seen was seen.
	NotRunning struct{ Seen Observation }
	// NotShutOff is a VM whose definition alone was to be moved, and that is not shut off on
	// the source, where Seen was seen.
	NotShutOff struct{ Seen Observation }
	// BrokenPostCopy is a post-copy that has lost its link and left Outcome.
	BrokenPostCopy struct{ Outcome Outcome }
	// PartGone is a post-copy that cannot be recovered, because the host at fault does not have its
	// part of the memory, as in Outcome.
	PartGone struct{ Outcome Outcome }
	// PartActive is a part of a broken post-copy, as Seen, whose QEMU has not noticed that the link
	// is lost.
	PartActive struct{ Seen Observation }
	// PartChanged is a VM that is not, as Seen, what a broken post-copy leaves: somebody has
	// resumed it there, for instance.
	PartChanged struct{ Seen Observation }
	// PostCopyRuns is a post-copy that was to be recovered and is under way.
	PostCopyRuns struct{}
	// ReleaseUnfit is a host whose libvirt cannot recover a post-copy.
	ReleaseUnfit struct {
		Have  uint64
		Unfit UnfitRelease
	}
	// Stranded is a guest that a lost client has left paused; its other copy may run on
	// Other.
	Stranded struct{ Other OtherCopy }
	// TwoHomes is a VM that is on the source as in Outcome and on the destination, too.
	TwoHomes struct{ Outcome Outcome }
	// JobUnknown is a source that does not say whether a job runs, for the reason in
	// Finding.Err.
	JobUnknown struct{}
	// IncomingLeft is an incoming domain of a migration that has ended.
	IncomingLeft struct{}
	// OtherJob is another job on the VM.
	OtherJob struct{}
	// RivalMigration is a migration of which more than one host holds an incoming domain.
	RivalMigration struct{}
	// OtherMigration is a migration of which the destination holds no incoming domain.
	OtherMigration struct{}
)

// Problem implements Fact.
func (NoAnswer) Problem() string { return "no answer" }

// Problem implements Fact.
func (SameHost) Problem() string { return "same host" }

// Problem implements Fact.
func (SameUUID) Problem() string { return "same host UUID" }

// Problem implements Fact.
func (NotRunning) Problem() string { return "not running" }

// Problem implements Fact.
func (NotShutOff) Problem() string { return "not shut off" }

// Problem implements Fact.
func (BrokenPostCopy) Problem() string { return "post-copy lost its link" }

// Problem implements Fact.
func (PartGone) Problem() string { return "a part of the memory is gone" }

// Problem implements Fact.
func (PartActive) Problem() string { return "lost link not noticed" }

// Problem implements Fact.
func (PartChanged) Problem() string { return "not as post-copy left it" }

// Problem implements Fact.
func (PostCopyRuns) Problem() string { return "post-copy under way" }

// Problem implements Fact.
func (ReleaseUnfit) Problem() string { return "libvirt cannot recover post-copy" }

// Problem implements Fact.
func (Stranded) Problem() string { return "stranded" }

// Problem implements Fact.
func (TwoHomes) Problem() string { return "on both hosts" }

// Problem implements Fact.
func (JobUnknown) Problem() string { return "job not known" }

// Problem implements Fact.
func (IncomingLeft) Problem() string { return "incoming domain left" }

// Problem implements Fact.
func (OtherJob) Problem() string { return "another job" }

// Problem implements Fact.
func (RivalMigration) Problem() string { return "several incoming domains" }

// Problem implements Fact.
func (OtherMigration) Problem() string { return "another migration" }
