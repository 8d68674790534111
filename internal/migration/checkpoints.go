package migration

import "context"

// Checkpoint is the metadata of a checkpoint. Its bitmap is in the domain's disks, and
// travels with them; libvirt drops the metadata when it migrates the domain.
type Checkpoint struct {
	Name string
	// XML has secrets of the domain.
	XML string
}

// checkpoints carries the metadata of a VM's checkpoints to the destination.
type checkpoints struct {
	request Request
	// held is what the source has, parents first, unread why it did not say.
	held   []Checkpoint
	unread error
}

// LostCheckpoints are checkpoints whose metadata was not carried to the destination.
type LostCheckpoints struct {
	// Names are theirs. Unread is why the source did not say whether there are any; nil
	// when it did.
	Names  []string
	Unread error
	// Err is why the destination was not seen to take the first of them; nil when it was
	// not told to, because it was not seen to have the VM.
	Err error
}

// readCheckpoints asks the source. Its many answers have one deadline.
func (r Request) readCheckpoints(ctx context.Context) checkpoints {
	held, err := ask(ctx, lockDeadline, func(ctx context.Context) ([]Checkpoint, error) {
		return r.Source.Checkpoints(ctx, r.UUID)
	})
	return checkpoints{request: r, held: held, unread: err}
}

// carry restores on the destination what the source had. It returns nil when that is done.
func (c checkpoints) carry(ctx context.Context) *LostCheckpoints {
	if c.unread != nil {
		return &LostCheckpoints{Unread: c.unread}
	}
	for i, checkpoint := range c.held {
		err := restore(ctx, func(ctx context.Context) error {
			return c.request.Destination.RedefineCheckpoint(ctx, c.request.UUID, checkpoint)
		})
		if err != nil {
			return &LostCheckpoints{Names: names(c.held[i:]), Err: err}
		}
	}
	return nil
}

// left is what is lost where the VM was not seen on either host.
func (c checkpoints) left() *LostCheckpoints {
	if len(c.held) == 0 {
		return nil
	}
	return &LostCheckpoints{Names: names(c.held)}
}

func names(checkpoints []Checkpoint) []string {
	all := make([]string, len(checkpoints))
	for i, c := range checkpoints {
		all[i] = c.Name
	}
	return all
}
