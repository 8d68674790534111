package fleet

import (
	"context"
	"iter"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// answers asks all hosts at once and yields what each says as soon as it has. Once nobody
// takes more, it ends the questions and waits for their ends.
func answers[T any](
	ctx context.Context, hosts []*host.Host, ask func(context.Context, *host.Host) T,
) iter.Seq2[*host.Host, T] {
	type answer struct {
		host *host.Host
		said T
	}
	return func(yield func(*host.Host, T) bool) {
		ctx, cancel := context.WithCancel(ctx)
		given := make(chan answer, len(hosts)) // nobody waits to give one
		var asking sync.WaitGroup
		defer asking.Wait()
		defer cancel()
		for _, h := range hosts {
			asking.Go(func() { given <- answer{h, ask(ctx, h)} })
		}
		for range hosts {
			if a := <-given; !yield(a.host, a.said) {
				return
			}
		}
	}
}
