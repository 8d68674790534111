package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// watchMemory watches the processes of providers until stop is called, which returns the most memory, in MiB, that one
// of them had in RAM at once. The kernel keeps the peak (VmHWM) until the process ends, so only its last moments can be
// missed, and a process that lives for less than two looks: a plan of a few VMs takes 100 ms of the provider.
func watchMemory() (stop func() float64) {
	end, result := make(chan struct{}), make(chan float64)
	go func() {
		peak := 0.0
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				peak = max(peak, residentPeak())
			case <-end:
				result <- peak
				return
			}
		}
	}()
	return func() float64 {
		close(end)
		return <-result
	}
}

// residentPeak is the largest of the peaks of all providers that run now, in MiB.
func residentPeak() float64 {
	peak := 0.0
	names, _ := filepath.Glob("/proc/[0-9]*/status") // the pattern is well formed
	for _, name := range names {
		status, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(status, []byte("Name:\tterraform-provi")) { // as far as the kernel keeps a name
			continue
		}
		_, line, _ := bytes.Cut(status, []byte("\nVmHWM:"))
		var kib float64
		if _, err := fmt.Sscan(string(line), &kib); err == nil {
			peak = max(peak, kib/1024)
		}
	}
	return peak
}
