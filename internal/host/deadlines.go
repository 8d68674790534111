package host

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// Deadlines bounds how long a host may take. A zero field means its default.
type Deadlines struct {
	// Open is for dialling, logging in and opening the driver. After it was exceeded, or
	// after a permanent failure, calls get the same error at once for the same time.
	Open time.Duration
	// Call is for one call on the control connection. The slowest measured took 2.2 s:
	// the statistics of a job whose QEMU ends.
	Call time.Duration
	// RecordWrite is for a write to a domain's metadata, or of its autostart. It exceeds the 30 s that
	// libvirt waits for a domain's job lock, so that libvirt's own error arrives.
	RecordWrite time.Duration
	// SavedMemory is for saving a VM's memory to the host's disk, and for a start that may read it back. Such calls
	// take as long as the disk: 1 TiB in an hour is 290 MiB/s.
	SavedMemory time.Duration
	// Close is for ConnectClose and for the end of the goroutines of a closed host.
	Close time.Duration
}

// Defaults for Deadlines.
const (
	DefaultOpen        = transport.ConnectTimeout
	DefaultCall        = 10 * time.Second
	DefaultRecordWrite = 35 * time.Second
	DefaultSavedMemory = time.Hour
	DefaultClose       = 5 * time.Second
)

func (d Deadlines) withDefaults() Deadlines {
	for _, f := range []struct {
		field    *time.Duration
		standard time.Duration
	}{
		{&d.Open, DefaultOpen},
		{&d.Call, DefaultCall},
		{&d.RecordWrite, DefaultRecordWrite},
		{&d.SavedMemory, DefaultSavedMemory},
		{&d.Close, DefaultClose},
	} {
		if *f.field <= 0 {
			*f.field = f.standard
		}
	}
	return d
}
