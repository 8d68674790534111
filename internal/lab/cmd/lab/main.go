// Command lab runs a program in a throw-away world of real libvirt hosts.
//
//	go run ./internal/lab/cmd/lab [-hosts N] -- PROGRAM [ARGUMENT...]
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

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func main() {
	hosts := flag.Int("hosts", 2, "number of libvirt hosts, 1 to 64")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: lab [-hosts N] -- PROGRAM [ARGUMENT...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := lab.Run(context.Background(), flag.Args(), lab.WithHosts(*hosts))
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Use the Lab:", err)
		os.Exit(1)
	}
	os.Exit(code)
}
