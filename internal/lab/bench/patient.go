package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/report"
)

// patient is a guest that is moved to and fro, and that says what it felt of it.
type patient struct {
	b     *Bench
	guest *lab.Guest
	// undisturbed is how it beats and works when it is not moved.
	undisturbed lab.Record
	// at is the number of the host that it is on.
	at int
}

// undisturbedFor is how long a guest is watched before it is moved.
const undisturbedFor = 5 * time.Second

// What the links of the hosts carry, and what each migration may take of it, in MiB/s. The one holds in the
// switch-over, too, in which QEMU knows no limit of its own; the other is the bandwidth that QEMU expects then, and
// without it QEMU goes by how fast the buffers of the link were filled in the last 100 ms.
const (
	linkMiB      = 64
	bandwidthMiB = 60
)

// admit starts a guest, and limits the links of its hosts. Discharge it also after an error.
func admit(ctx context.Context, b *Bench, spec lab.GuestSpec) (*patient, error) {
	guest, err := b.World.Start(ctx, spec)
	p := &patient{b: b, guest: guest}
	for _, h := range p.hosts() {
		err = errors.Join(err, h.Limit(ctx, linkMiB))
	}
	from := time.Now()
	if err == nil {
		err = p.live(ctx, undisturbedFor)
	}
	if err != nil {
		return p, err
	}
	p.undisturbed = guest.Between(from, time.Now())
	b.Say("undisturbed the guest dirties %.0f MiB/s", p.undisturbed.DirtyRate/(1<<20))
	return p, nil
}

// live lets the guest live for some time.
func (p *patient) live(ctx context.Context, lasts time.Duration) error {
	for from := time.Now(); time.Since(from) < lasts; {
		if _, err := p.guest.NextBeat(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *patient) hosts() []*lab.Host { return p.b.World.Hosts[:2] }

// discharge removes the guest and the limits, and adds to an error what went wrong with it.
func (p *patient) discharge(ctx context.Context, err error) error {
	for _, h := range p.hosts() {
		err = errors.Join(err, h.Limit(context.WithoutCancel(ctx), 0))
	}
	return p.b.remove(ctx, err, p.guest)
}

// trial is one move, as libvirt and the guest tell it.
type trial struct {
	moved
	// report is the provider's; empty of a move by virsh.
	report report.Document
	// felt is the guest's word.
	felt lab.Felt
}

func (t trial) String() string {
	said := fmt.Sprintf("%v; the guest: blackout %.0f ms, work lost %.2f s", t.moved, t.blackout(), t.felt.Lost.Seconds())
	if t.report.Version == 0 {
		return said
	}
	return fmt.Sprintf("%s in %s, %s; by libvirt %.2f s", t.report.Move.Outcome, t.report.Move.Phase, said, t.lost())
}

func (t trial) blackout() float64 { return float64(t.felt.Blackout.Milliseconds()) }

// lost is the work that libvirt's figures say the guest has lost, in seconds.
func (t trial) lost() float64 {
	lost := t.downtime
	if g := t.report.Guest; g != nil {
		lost += float64(g.ThrottleLossMS)
	}
	return lost / 1000
}

// byAction moves the guest to the other host. A move that its policy ends is no error, and leaves the guest.
func (p *patient) byAction(ctx context.Context, policy map[string]any) (t trial, err error) {
	directory, err := os.MkdirTemp(p.b.Kit.Directory, "reports-")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	o, err := newOperator(ctx, p.hosts(), map[string]any{"report_directory": directory})
	if err != nil {
		return t, err
	}
	defer o.Close()
	return p.watch(ctx, func(_, to *lab.Host) (trial, error) {
		limited := map[string]any{"bandwidth_mib_per_second": bandwidthMiB}
		maps.Copy(limited, policy)
		seconds, failed := o.move(ctx, p.guest, to, limited)
		t := trial{moved: moved{seconds: seconds}}
		if err := read(directory, &t.report); err != nil {
			return t, errors.Join(failed, err)
		}
		if t.stayed() {
			failed = nil
		}
		return t, failed
	})
}

// stayed tells whether the policy has ended the move.
func (t trial) stayed() bool {
	return t.report.Move.Outcome == "not_converged" || t.report.Move.Outcome == "timed_out"
}

// read reads the only report in a directory.
func read(directory string, into *report.Document) error {
	paths, err := filepath.Glob(filepath.Join(directory, "*.json"))
	if err != nil || len(paths) != 1 {
		return errors.Join(err, fmt.Errorf("%d reports", len(paths)))
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// byVirsh moves the guest to the other host by virsh, with a longest pause in milliseconds.
func (p *patient) byVirsh(ctx context.Context, pause int, flags ...string) (trial, error) {
	return p.watch(ctx, func(from, to *lab.Host) (trial, error) {
		if _, err := from.Virsh(ctx, "migrate-setmaxdowntime", p.guest.UUID, strconv.Itoa(pause)); err != nil {
			return trial{}, err
		}
		flags := append([]string{"--bandwidth", strconv.Itoa(bandwidthMiB)}, flags...)
		seconds, err := journey{flags: flags}.byVirsh(ctx, p.guest, from, to)
		return trial{moved: moved{seconds: seconds}}, err
	})
}

// watch makes a move, and asks libvirt and the guest about it.
func (p *patient) watch(ctx context.Context, move func(from, to *lab.Host) (trial, error)) (trial, error) {
	from, to := p.hosts()[p.at], p.hosts()[1-p.at]
	began := time.Now()
	t, err := move(from, to)
	if err != nil {
		return t, err
	}
	// A pause that has just ended shows with the next beat.
	if _, err := p.guest.NextBeat(ctx); err != nil {
		return t, err
	}
	ended := time.Now()
	t.felt = p.guest.Felt(p.undisturbed, began, ended)
	if r := p.guest.Between(began, ended); len(r.Lost)+len(r.Repeated) > 0 {
		return t, fmt.Errorf("the guest lost beats %v, and repeated %v", r.Lost, r.Repeated)
	}
	if t.stayed() {
		return t, p.is(from)
	}
	p.at = 1 - p.at
	m, err := journey{}.completed(ctx, p.guest, to)
	t.migrating, t.downtime = m.migrating, m.downtime
	return t, errors.Join(err, p.is(to))
}

// is fails where the guest runs elsewhere than on a host.
func (p *patient) is(on *lab.Host) error {
	if hosts := p.guest.HostsRunning(); len(hosts) != 1 || hosts[0] != on.Name {
		return fmt.Errorf("the guest runs on %v, and not on %s", hosts, on.Name)
	}
	return nil
}
