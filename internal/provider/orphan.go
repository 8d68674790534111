package provider

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// startedByTerraform tells whether Terraform runs this process, and not a debugger:
// Terraform gives every plugin a cookie.
func startedByTerraform() bool { return os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" }

// parentInterval is how often the provider checks that Terraform is alive.
const parentInterval = 100 * time.Millisecond

// outlive waits for Terraform's death. Then it lets the moves and changes that have
// begun end, and ends the process. A migration that nothing watches may never end, and
// a direct one leaves the guest paused if the provider dies at the wrong moment. A move
// that still waits for its slots does not start: nobody could cancel it. The returned
// function ends the wait.
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

// catchSignals keeps signals from ending the provider until the returned function is
// called. A terminal, a service manager or a CI system signals the whole process group,
// and Terraform then tells the provider to stop. SIGPIPE comes from the log of a
// Terraform that is gone. The signals are caught and not ignored, because every program
// that the provider starts would inherit that: SIGTERM would not end ssh.
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
