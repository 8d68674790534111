package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// batch is how many domains one virsh defines or undefines: a process for each would take most of the time.
const batch = 200

// DefineShutOff defines many bare guests, vm-00001, vm-00002, ..., that nobody starts: domains without a process,
// spread evenly over hosts. The guests that are returned with an error exist in part: remove them with
// [World.UndefineAll].
func (w *World) DefineShutOff(ctx context.Context, hosts []*Host, count int) ([]*Guest, error) {
	guests := make([]*Guest, count)
	for i := range guests {
		guests[i] = w.newGuest(GuestSpec{
			Name: fmt.Sprintf("vm-%05d", i+1), Host: hosts[i%len(hosts)].Name, State: Inactive, Bare: true,
		})
	}
	directory, err := os.MkdirTemp(directory, "definitions-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	return guests, w.inBatches(ctx, guests, func(g *Guest) (string, error) {
		document, err := g.domainXML()
		if err != nil {
			return "", err
		}
		file := filepath.Join(directory, g.UUID)
		return "define " + file, os.WriteFile(file, []byte(document), 0o600)
	})
}

// UndefineAll removes guests that [World.DefineShutOff] has defined.
func (w *World) UndefineAll(ctx context.Context, guests []*Guest) error {
	return w.inBatches(ctx, guests, func(g *Guest) (string, error) { return "undefine " + g.UUID, nil })
}

// inBatches makes virsh run one command for each guest on the host of its spec, on all hosts at once.
func (w *World) inBatches(ctx context.Context, guests []*Guest, command func(*Guest) (string, error)) error {
	commands := map[string][]string{}
	for _, guest := range guests {
		line, err := command(guest)
		if err != nil {
			return err
		}
		commands[guest.Spec.Host] = append(commands[guest.Spec.Host], line)
	}
	var mu sync.Mutex
	var failed error
	var running sync.WaitGroup
	for name, lines := range commands {
		running.Go(func() {
			for lines := range slices.Chunk(lines, batch) {
				_, err := w.Host(name).Virsh(ctx, strings.Join(lines, "; "))
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return failed
}
