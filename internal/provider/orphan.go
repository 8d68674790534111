package provider

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// startedByTerraform tells a provider that Terraform runs, and ends, from one
// that runs in a debugger: by the cookie that every plugin of Terraform is given.
func startedByTerraform() bool { return os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" }

// parentInterval is the time between two looks at whether Terraform is there.
const parentInterval = 100 * time.Millisecond

// outlive lets what is under way go on to its end when Terraform is killed, and
// ends the process then: nobody else would. A migration whose limits nobody
// watches may never end, and one that the provider drives itself leaves the guest
// paused if it dies at the wrong moment. A move that still waits for its turn is
// not begun any more: nobody is there to call it off. The function that is
// returned ends the watch for Terraform's death.
func (s *stoppableServer) outlive(parent int) (end func()) {
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		ticker := time.NewTicker(parentInterval)
		defer ticker.Stop()
		for os.Getppid() == parent {
			select {
			case <-ticker.C:
			case <-ended:
				return
			}
		}
		s.provider.drain()
		s.actions.Lock()
		s.changes.Lock()
		s.Close()
		os.Exit(1)
	})
	return func() {
		close(ended)
		watch.Wait()
	}
}

// catchSignals keeps the provider from being ended by signals, until the function
// that is returned is called. Those that a terminal, a service manager or a CI
// system sends to the whole process group are Terraform's to act on: it tells the
// provider to stop. A broken pipe is where the log of a Terraform that is gone
// went. They are caught and not ignored, as what is ignored stays so in every
// program that the provider starts: ssh would not end by SIGTERM.
func catchSignals() (end func()) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	var drain sync.WaitGroup
	drain.Go(func() {
		for range caught { // nothing is to be done about them
		}
	})
	return func() {
		signal.Stop(caught)
		close(caught)
		drain.Wait()
	}
}
