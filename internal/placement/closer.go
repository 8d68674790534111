package placement

// closer tells whether a host with one reason against it comes closer to taking a VM than one with another.
func closer(a, b Reason) bool {
	if x, y := distance(a), distance(b); x != y {
		return x < y
	}
	switch a := a.(type) {
	case MemoryShort:
		b, same := b.(MemoryShort)
		return same && a.Room > b.Room
	case HugePagesShort:
		b, same := b.(HugePagesShort)
		return same && a.Free > b.Free
	}
	return false
}

// distance is how far a reason keeps a host from taking a VM: what other moves cure is nearest.
func distance(r Reason) int {
	switch r.(type) {
	case MemoryShort:
		return 0
	case HugePagesShort:
		return 1
	case GroupTaken:
		return 2
	case FewCPUs:
		return 3
	case Refused:
		return 4
	case Cordoned, Emptied:
		return 5
	case Silent:
		return 6
	}
	return 7
}
