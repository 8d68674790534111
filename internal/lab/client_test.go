//go:build lab

package lab_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// deed is what the client of these tests does: it writes a file, and then waits, fails, or is done.
type deed struct {
	File         string
	Waits, Fails bool
}

var doer = lab.Client[deed](func(_ context.Context, world *lab.World, d deed) error {
	if err := os.WriteFile(d.File, []byte(world.Hosts[0].Name), 0o600); err != nil {
		return err
	}
	switch {
	case d.Waits:
		select {}
	case d.Fails:
		return errors.New("cannot do it")
	}
	return nil
})

func TestClient(t *testing.T) {
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		deed
		want string
	}{
		"done":   {deed{}, "<nil>"},
		"failed": {deed{Fails: true}, "exit status 1: cannot do it"},
		"killed": {deed{Waits: true}, lab.ErrKilled.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.File = t.TempDir() + "/written"
			hasWritten := func() bool {
				written, err := os.ReadFile(test.File)
				return err == nil && string(written) == world.Hosts[0].Name
			}
			err := doer.KillOnce(t.Context(), test.deed, func() bool { return test.Waits && hasWritten() })
			if got := strings.TrimSpace(fmt.Sprint(err)); got != test.want {
				t.Errorf("it ended with %q, want %q", got, test.want)
			}
			if !hasWritten() {
				t.Error("it has not written")
			}
		})
	}
	if err := doer.KillAfter(t.Context(), deed{File: t.TempDir() + "/written", Waits: true}, time.Millisecond); !errors.Is(err, lab.ErrKilled) {
		t.Errorf("killed after a time, it ended with %v", err)
	}
}
