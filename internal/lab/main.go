package lab

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
)

// Main is for a package's TestMain: it runs the package's tests inside a lab and exits. Inside a lab the tests use that
// one; otherwise Main runs the test binary again inside a new one. If no lab can be started, the tests fail with a
// message that says what to do; they are never skipped.
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

// enough checks that the current lab has as many hosts as the options ask for.
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
