package host

import "sync"

// parallel runs independent reads at the same time: one round trip instead of
// several. It returns the first error in the order of its arguments.
func parallel(reads ...func() error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(reads))
	for i, f := range reads {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// get stores what f returns.
func get[T any](into *T, f func() (T, error)) func() error {
	return func() error {
		v, err := f()
		*into = v
		return err
	}
}

// each runs f for the numbers below n, at most width at a time, and stops early
// with the first error.
func each(n, width int, f func(i int) error) error {
	var wg sync.WaitGroup
	next := make(chan int)
	errs := make(chan error, n)
	for range min(n, width) {
		wg.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					errs <- err
				}
			}
		})
	}
	for i := 0; i < n && len(errs) == 0; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	close(errs)
	return <-errs
}
