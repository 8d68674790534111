package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// What main returns to the shell.
const (
	exitFailed      = 1
	exitInterrupted = 128 + int(syscall.SIGINT)
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\n%v\n", err)
	}
	os.Exit(code)
}

// run brings what the demo needs while the network is there, enters a lab, which has none, and performs in it.
func run() (int, error) {
	k := new(kit)
	if packed := os.Getenv(kitVariable); packed != "" {
		if err := k.unpack(packed); err != nil {
			return exitFailed, err
		}
	} else {
		defer k.discard()
		if err := k.pack(); errors.Is(err, context.Canceled) {
			return exitInterrupted, nil
		} else if err != nil {
			return exitFailed, err
		}
	}
	world, err := lab.Current()
	switch {
	case errors.Is(err, lab.ErrNoLab):
		return lab.Run(context.Background(), os.Args, lab.WithHosts(2))
	case err != nil:
		return exitFailed, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err = perform(ctx, world, k)
	switch {
	case err == nil:
		return 0, nil
	case ctx.Err() != nil:
		say("\nInterrupted. The hosts and the VM are gone with the lab.")
		return exitInterrupted, nil
	default:
		return exitFailed, err
	}
}
