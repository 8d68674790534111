//go:build lab

package lab_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// programVariable makes the test binary run a shell script in a fresh lab instead of the tests.
const programVariable = "LAB_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if program := os.Getenv(programVariable); program != "" {
		code, err := lab.Run(context.Background(), []string{"sh", "-c", program})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 99
		}
		os.Exit(code)
	}
	doer.Serve()
	lab.Main(m)
}

func current(t testing.TB) *lab.World {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// must ends the test when something that is not under test fails.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience bounds every wait for something that is sure to come, on however busy a machine.
const patience = time.Minute

// next waits for a beat of a guest that runs.
func next(t testing.TB, guest *lab.Guest) lab.Beat {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	beat, err := guest.NextBeat(ctx)
	must(t, err)
	return beat
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
