// Command lab runs a program in a throw-away world of real libvirt hosts.
//
//	go run ./internal/lab/cmd/lab [-hosts N] [-guest NAME=KIND[@HOST]]... -- PROGRAM [ARGUMENT...]
//
// The program finds the hosts in its environment: VIRT_LAB_HOSTS is their names, VIRT_LAB_KVM1_URI,
// VIRT_LAB_KVM1_SOCKET_URI, VIRT_LAB_KVM1_ADDRESS and VIRT_LAB_KVM1_MIGRATION_URI describe the first, and VIRT_LAB
// is all of it as JSON. The exit code is the program's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func main() {
	options := []lab.Option{}
	flag.Func("hosts", "number of libvirt hosts, 1 to 64 (default 2)", func(value string) error {
		var count int
		if _, err := fmt.Sscan(value, &count); err != nil {
			return err
		}
		options = append(options, lab.WithHosts(count))
		return nil
	})
	const guests = "a guest to start: NAME=KIND[@HOST], of kind idle, typical, busy or untamable; may be repeated"
	flag.Func("guest", guests, func(value string) error {
		spec, err := parseGuest(value)
		options = append(options, lab.WithGuests(spec))
		return err
	})
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: lab [-hosts N] [-guest NAME=KIND[@HOST]]... -- PROGRAM [ARGUMENT...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := lab.Run(context.Background(), flag.Args(), options...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Use the Lab:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// parseGuest reads NAME=KIND[@HOST].
func parseGuest(value string) (lab.GuestSpec, error) {
	name, kind, _ := strings.Cut(value, "=")
	kind, host, _ := strings.Cut(kind, "@")
	presets := map[string]func(string) lab.GuestSpec{
		"idle": lab.IdleGuest, "typical": lab.Typical, "busy": lab.BusyGuest, "untamable": lab.UntamableGuest,
	}
	preset, known := presets[kind]
	if name == "" || !known {
		return lab.GuestSpec{}, fmt.Errorf("%q is not NAME=idle, NAME=typical, NAME=busy or NAME=untamable, with "+
			"@HOST or without", value)
	}
	spec := preset(name)
	spec.Host = host
	return spec, nil
}
