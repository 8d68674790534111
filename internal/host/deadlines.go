package host

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// Deadlines bounds how long a host may take. The zero value of a field stands
// for its default.
type Deadlines struct {
	// Open is for dialling, logging in and opening the driver. A host that exceeds
	// it, or that is not trusted, is not dialled again for the same time: whoever asks
	// in between gets the same error at once.
	Open time.Duration
	// Call is for one call on the control connection. The slowest measured is
	// the statistics of a job whose QEMU is being torn down, 2.2 s.
	Call time.Duration
	// RecordWrite is for a write to a domain's metadata. It exceeds the 30 s
	// that libvirt waits for a domain's job lock, so that libvirt's own error
	// arrives.
	RecordWrite time.Duration
	// Close is for saying goodbye to a daemon and for the goroutines of a closed
	// host to end.
	Close time.Duration
}

// Defaults for Deadlines.
const (
	DefaultOpen        = transport.ConnectTimeout
	DefaultCall        = 10 * time.Second
	DefaultRecordWrite = 35 * time.Second
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
		{&d.Close, DefaultClose},
	} {
		if *f.field <= 0 {
			*f.field = f.standard
		}
	}
	return d
}
