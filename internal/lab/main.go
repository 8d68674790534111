package lab

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
)

// Main is for a package's TestMain: it runs the package's tests inside a lab, and exits. When the process is not in a
// lab yet, it runs the test binary once more inside a fresh one. Inside a lab that somebody else started, the tests use
// that one. Where no lab can be had the tests fail with a message that says what to do; they are never skipped.
func Main(m *testing.M, opts ...Option) {
	if !flag.Parsed() {
		flag.Parse()
	}
	if list := flag.Lookup("test.list"); list != nil && list.Value.String() != "" {
		os.Exit(m.Run())
	}
	if inside() {
		if err := enough(opts); err != nil {
			fmt.Fprintln(os.Stderr, "Unable to Use the Lab:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	code, err := Run(context.Background(), os.Args, opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Use the Lab:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// enough tells whether the lab that the process is in has the hosts that the options ask for.
func enough(opts []Option) error {
	world, err := Current()
	if err != nil {
		return err
	}
	if want := collect(opts).hosts; len(world.Hosts) < want {
		return fmt.Errorf("the tests need %d hosts, the lab that they run in has %d", want, len(world.Hosts))
	}
	return nil
}
