package migration

import (
	"context"
	"time"
)

// listen notes, until the function that it returns is called, whether the
// destination answers while the memory is being sent. Without the destination a
// direct migration can not be ended: once the guest has been stopped for the
// switch-over, nobody else can say whether it may run on. Until then it can be
// called off.
func (s steps) listen(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		heard := time.Now()
		for ctx.Err() == nil {
			if _, err := ask(ctx, lookDeadline, func(ctx context.Context) (Domain, error) {
				return s.Destination.Domain(ctx, s.UUID)
			}); !lost(err) {
				heard = time.Now()
			}
			s.drive.deserted.Store(time.Since(heard) >= desertedLimit)
			select {
			case <-ctx.Done():
			case <-time.After(listenInterval):
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		s.drive.deserted.Store(false)
	}
}
