// Command record makes moves of guests of the lab and writes them down for the score of package forecast: see
// [github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings].
//
//	go run ./internal/lab/cmd/record [-set SET] [-guest REGEXP] [-move REGEXP] [-for DURATION] [-together N] -o FILE
//
// It adds a line to the file for each move, and begins none once the time is over. It makes a lab of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Record Moves:", err)
	}
	os.Exit(code)
}

func run() (int, error) {
	set := flag.String("set", recordings.Development, "whose guests, moves and links: "+recordings.Development+" or "+
		recordings.Independent)
	guest := flag.String("guest", "", "a regular expression of the guests, by name")
	move := flag.String("move", "", "a regular expression of the moves, by link and switch, as in \"16 off\"")
	limit := flag.Duration("for", time.Hour, "how long to begin moves")
	together := flag.Int("together", 3, "how many guests are moved at a time, each by itself")
	out := flag.String("o", "", "the file that the moves are added to")
	flag.Parse()
	whose, err := regexp.Compile(*guest)
	if err != nil || *out == "" || len(guests[*set]) == 0 {
		return 2, errors.Join(err, errors.New("-o is missing, or there is no such -set"))
	}
	wanted, err := regexp.Compile(*move)
	if err != nil {
		return 2, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	world, err := lab.Current()
	switch {
	case errors.Is(err, lab.ErrNoLab):
		return lab.Run(context.WithoutCancel(ctx), os.Args, lab.WithHosts(2))
	case err != nil:
		return 1, err
	}
	file, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 1, err
	}
	defer file.Close()
	chosen := slices.DeleteFunc(moves(*set), func(m kind) bool { return !wanted.MatchString(m.name) })
	recorder := recorder{world: world, moves: chosen, until: time.Now().Add(*limit), together: *together, file: file}
	var subjects []recorded
	for _, g := range guests[*set] {
		if whose.MatchString(g.name) {
			subjects = append(subjects, g)
		}
	}
	return 0, recorder.all(ctx, subjects)
}
