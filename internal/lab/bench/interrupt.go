package bench

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// interrupt is the time from Ctrl-C at Terraform to the order to abort the migration.
type interrupt struct{}

func (interrupt) Name() string { return "interrupt" }
func (interrupt) Hosts() int   { return 2 }

const (
	// abortWithin, in seconds, is the limit.
	abortWithin = 0.2
	// abortJob is libvirt's number of virDomainAbortJob.
	abortJob = 164
	// cleanUp bounds the end of an interrupted Terraform.
	cleanUp = 3 * time.Minute
)

// moveConfiguration invokes the action.
//
//go:embed move.tf
var moveConfiguration string

func (interrupt) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	guest, err := b.World.Start(ctx, lab.UntamableGuest(""))
	defer func() { err = b.remove(ctx, err, guest) }()
	if err != nil {
		return nil, err
	}
	for _, mute := range []bool{false, true} {
		what := "from SIGINT to the order to abort, source healthy"
		if mute {
			what = "from SIGINT to the order to abort, source mute"
		}
		var took, limit []float64
		for range b.Rounds {
			seconds, err := interrupted(ctx, b, guest, mute)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
			took, limit = append(took, seconds), append(limit, abortWithin)
		}
		figures = append(figures, pairs(what, "the limit", "s", took, limit, 1))
	}
	return figures, nil
}

// interrupted moves a guest that does not converge, interrupts Terraform, and returns the seconds until the source's
// daemon is sent the order to abort. A mute daemon is stopped at the interrupt, and goes on once the order is there.
func interrupted(ctx context.Context, b *Bench, guest *lab.Guest, mute bool) (took float64, err error) {
	source, destination := b.World.Hosts[0], b.World.Hosts[1]
	var calls lab.CallCounter
	p, err := lab.NewProxy(ctx, source.URI, 0, &calls)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	w, err := b.newWorkspace(realProvider, moveConfiguration)
	if err != nil {
		return 0, err
	}
	defer w.remove()
	w.variables = map[string]any{
		"vm": guest.UUID, "destination": destination.Name,
		"hosts": map[string]any{
			source.Name:      map[string]string{"uri": p.URI, "peer_uri": source.PeerURI, "migration_uri": source.MigrationURI},
			destination.Name: map[string]string{"uri": destination.URI, "migration_uri": destination.MigrationURI},
		},
	}
	ctx, cancel := context.WithTimeout(ctx, cleanUp)
	defer cancel()
	cmd, printed, err := w.command(ctx, "apply", "-invoke=action.virt_vm_live_migration.move", "-auto-approve",
		"-input=false", "-no-color")
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = source.Continue()
		err = errors.Join(err, ended(cmd, printed))
	}()
	if err := migrating(ctx, source, guest); err != nil {
		return 0, err
	}
	if mute {
		if err := source.Pause(); err != nil {
			return 0, err
		}
	}
	sent := calls.Await(abortJob)
	started := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		return 0, err
	}
	select {
	case at := <-sent:
		return at.Sub(started).Seconds(), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// ended waits for the interrupted Terraform, which must have failed.
func ended(cmd *exec.Cmd, printed *bytes.Buffer) error {
	if err := cmd.Wait(); err == nil {
		return fmt.Errorf("the interrupted move succeeded:\n%s", printed)
	}
	return nil
}

// migrating returns when a guest is being migrated.
func migrating(ctx context.Context, source *lab.Host, guest *lab.Guest) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		job, err := source.Virsh(ctx, "domjobinfo", guest.UUID)
		if err == nil && strings.Contains(job, "Memory processed") {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-ticker.C:
		}
	}
}
