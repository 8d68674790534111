package rpc

import "context"

// Slots on one connection. libvirtd executes five calls of a client at a time
// (max_client_requests) and does not read the sixth. The fifth is kept for the call
// that ends a job, the fourth for calls that wait for no job, and the third for calls
// that watch one.
const (
	sharedSlots  = 4
	patientSlots = 3
	writeSlots   = 2
	// bulkSlots come on top: as many as Terraform is ever asked to read at a time (-parallelism=50).
	bulkSlots = 50
)

// Class is how long a call may occupy one of the daemon's five slots.
type Class int

const (
	// Quick calls wait for no domain.
	Quick Class = iota
	// Patient calls may wait for a domain that is started or has a job.
	Patient
	// Writing calls may wait for a job for up to 30 s.
	Writing
	// Urgent calls end a job or change how it runs. They take the slot that is
	// always free.
	Urgent
	// Bulk calls are quick reads of a plan, in which nothing is urgent. They may wait in the daemon's queue, so that it
	// has always work, however far away it is.
	Bulk
)

// slots are the slots of one connection.
type slots struct {
	shared, patient, writing, bulk chan struct{}
}

func newSlots() slots {
	return slots{
		shared:  make(chan struct{}, sharedSlots),
		patient: make(chan struct{}, patientSlots),
		writing: make(chan struct{}, writeSlots),
		bulk:    make(chan struct{}, bulkSlots),
	}
}

// acquire waits for a slot; release gives it back.
func (s slots) acquire(ctx context.Context, class Class) (release func(), err error) {
	var wanted []chan struct{}
	switch class {
	case Urgent:
	case Quick:
		wanted = []chan struct{}{s.shared}
	case Patient:
		wanted = []chan struct{}{s.patient, s.shared}
	case Writing:
		wanted = []chan struct{}{s.writing, s.patient, s.shared}
	case Bulk:
		wanted = []chan struct{}{s.bulk}
	}
	for i, slot := range wanted {
		select {
		case slot <- struct{}{}:
		case <-ctx.Done():
			giveBack(wanted[:i])
			return nil, ctx.Err()
		}
	}
	return func() { giveBack(wanted) }, nil
}

func giveBack(taken []chan struct{}) {
	for _, slot := range taken {
		<-slot
	}
}
