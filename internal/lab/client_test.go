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
		after time.Duration
		want  string
	}{
		"done":   {deed{}, time.Minute, "<nil>"},
		"failed": {deed{Fails: true}, time.Minute, "exit status 1: cannot do it"},
		"killed": {deed{Waits: true}, 3 * time.Second, lab.ErrKilled.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.File = t.TempDir() + "/written"
			err := doer.KillAfter(t.Context(), test.deed, test.after)
			if got := strings.TrimSpace(fmt.Sprint(err)); got != test.want {
				t.Errorf("it ended with %q, want %q", got, test.want)
			}
			if written, err := os.ReadFile(test.File); string(written) != world.Hosts[0].Name {
				t.Errorf("it wrote %q: %v", written, err)
			}
		})
	}
}
