package places

import (
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
)

// ThisProcess is the process of this run, by which others on its machine can tell that it has ended. It is zero where
// the system does not say which processes see each other.
var ThisProcess = sync.OnceValue(func() lease.Process {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, nameless := os.Readlink("/proc/self/ns/pid") // a container has its own numbers
	if err != nil || nameless != nil {
		return lease.Process{}
	}
	return lease.Process{Among: strings.TrimSpace(string(boot)) + "/" + namespace, PID: os.Getpid()}
})

// Ended tells whether a process has certainly ended: it was among those that this one sees, and none has its number.
func Ended(p lease.Process) bool {
	if p.Among == "" || p.PID <= 0 || p.Among != ThisProcess().Among {
		return false
	}
	process, err := os.FindProcess(p.PID)
	if err != nil {
		return false
	}
	ended := errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
	return process.Release() == nil && ended
}
