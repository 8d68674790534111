package fleet

import (
	"cmp"
	"fmt"
	"os"

	"github.com/google/uuid"
)

// newRun names this run in what other runs read of it: by the machine and the process that it runs in, and by a random
// word, as both may come again.
func newRun() string {
	machine, _ := os.Hostname()
	return fmt.Sprintf("%s/%d/%s", cmp.Or(machine, "unknown"), os.Getpid(), uuid.NewString()[:8])
}
