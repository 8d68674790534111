package migration

// UnfitRelease is a range of libvirt's releases with which a post-copy that has lost its link
// cannot be recovered.
type UnfitRelease struct {
	// From is the first of them, and Fixed the first after them, as Identity encodes them.
	From, Fixed uint64
	// DestinationOnly is true where the source may have one of them.
	DestinationOnly bool
	Fault           ReleaseFault
}

// ReleaseFault is what is wrong with releases of libvirt.
type ReleaseFault string

// The faults.
const (
	// CannotRecover has no recovery, or refuses it where it should not.
	CannotRecover ReleaseFault = "no recovery"
	// CrashesOnRecovery ends its daemon. The guests go on without it, and the VM stays broken.
	CrashesOnRecovery ReleaseFault = "crashes"
)

// UnfitReleases lists what is known of libvirt's releases:
//   - VIR_MIGRATE_POSTCOPY_RESUME is there since 8.5.0 (libvirt's NEWS). Before 9.0.0 libvirt may refuse
//     the recovery as "not in post-copy phase" where that has failed (libvirt commit b92cba67c6).
//   - "A regression introduced in libvirt-11.2.0 caused virtqemud on the destination host to crash when
//     trying to resume failed post-copy migration": NEWS of 11.4.0, which mends it. It was seen with 11.3.0.
func UnfitReleases() []UnfitRelease {
	return []UnfitRelease{
		{From: 0, Fixed: 9_000_000, Fault: CannotRecover},
		{From: 11_002_000, Fixed: 11_004_000, DestinationOnly: true, Fault: CrashesOnRecovery},
	}
}

// unfit is what speaks against a libvirt as the source of a recovery, or as its destination; ok is
// false where nothing does.
func unfit(version uint64, destination bool) (u UnfitRelease, ok bool) {
	for _, u := range UnfitReleases() {
		if u.From <= version && version < u.Fixed && (destination || !u.DestinationOnly) {
			return u, true
		}
	}
	return UnfitRelease{}, false
}
