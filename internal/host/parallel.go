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
