package preflight

// CPUError says that a guest's CPU cannot be had on a host.
type CPUError struct {
	// Reason is libvirt's text, with the missing features where it names them.
	Reason string
}

func (e *CPUError) Error() string { return "the guest's CPU cannot run there: " + e.Reason }
