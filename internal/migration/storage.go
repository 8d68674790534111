package migration

// StorageCopy is the disks that a migration copies: which, was decided before it starts.
// QEMU mirrors them to the destination over NBD before it sends memory, and keeps the
// mirrors equal until the switch-over. They go to the address that memory is sent to, to a
// port that the destination's libvirt chooses, and are encrypted where memory is.
type StorageCopy struct {
	// Disks are those that are copied, at least one.
	Disks []CopiedDisk
	// DetectZeroes leaves out blocks of zeroes, also where the source does not know that
	// they are not allocated. Both hosts' libvirt need DetectZeroesSince.
	DetectZeroes bool
}

// CopiedDisk is one disk that is copied.
type CopiedDisk struct {
	// Target is the guest's device, for example "vda".
	Target string
	// Bytes is the disk's capacity.
	Bytes uint64
}

// DetectZeroesSince is the first libvirt that can leave out blocks of zeroes, as libvirt
// encodes releases.
const DetectZeroesSince = 10_009_000

// bytes is the capacity of all disks.
func (s *StorageCopy) bytes() uint64 {
	if s == nil {
		return 0
	}
	var all uint64
	for _, disk := range s.Disks {
		all += disk.Bytes
	}
	return all
}

// Targets are the devices that are copied, in the order of Disks.
func (s *StorageCopy) Targets() []string {
	if s == nil {
		return nil
	}
	targets := make([]string, len(s.Disks))
	for i, disk := range s.Disks {
		targets[i] = disk.Target
	}
	return targets
}
