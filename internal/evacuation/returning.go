package evacuation

// Returning is what becomes of the VMs that an evacuation has taken from a host, once the host is back.
type Returning struct {
	// Move are those that are moved back, and Start those that are started where they were stopped.
	Move, Start []VM
	// Leaving are those that are still on their way from the host.
	Leaving []VM
	// Back are those that are on the host again, whoever brought them; of those that were stopped it is to be noted that
	// they run.
	Back []VM
	// Elsewhere are those that somebody has moved on since, or that were stopped and are not where they were: they stay
	// where they are.
	Elsewhere []VM
}

// Return says what becomes of each VM that the evacuation of a host has moved or stopped. VMs that it did not touch are
// left alone.
func Return(host string, vms []VM) Returning {
	var r Returning
	for _, vm := range sorted(vms) {
		moved, stopped := vm.Past.MovedTo != "", vm.Past.Stopped != "" && vm.Past.StoppedOn == host
		switch {
		case vm.Past.Leaving && vm.Host == host && vm.BoundFor != "" && vm.BoundFor != host:
			r.Leaving = append(r.Leaving, vm)
		case !moved && !stopped:
		case stopped && vm.Host == host && !vm.Active:
			r.Start = append(r.Start, vm)
		case vm.Host == host:
			r.Back = append(r.Back, vm)
		case moved && !vm.Past.MovedOn && vm.Host == vm.Past.MovedTo: // also one that an earlier try could not stop
			r.Move = append(r.Move, vm)
		default:
			r.Elsewhere = append(r.Elsewhere, vm)
		}
	}
	return r
}
