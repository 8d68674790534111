package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// manyHosts is what the global and cluster policies of many hosts take, beside those of one.
type manyHosts struct{}

func (manyHosts) Name() string { return "hosts" }
func (manyHosts) Hosts() int   { return 50 }

// recordsConfiguration has the policies of all hosts.
//
//go:embed records.tf
var recordsConfiguration string

func (r manyHosts) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	hosts := b.World.Hosts[:min(r.Hosts(), len(b.World.Hosts))]
	network, err := r.over(ctx, b, hosts, func(h *lab.Host) string { return h.URI })
	if err != nil {
		return nil, err
	}
	ssh, err := r.over(ctx, b, hosts, func(h *lab.Host) string { return h.SSHURI })
	if err != nil {
		return nil, err
	}
	alone := make([]float64, b.Rounds)
	for round := range alone {
		if alone[round], err = loginsAlone(ctx, hosts); err != nil {
			return nil, err
		}
		b.Say("round %d, %d hosts: logins by ssh alone %.1f s", round+1, len(hosts), alone[round])
	}
	one := "one host"
	figures := timed(fmt.Sprintf("apply of a changed cluster policy, %d hosts", len(hosts)), one,
		network.all.applies, network.one.applies, 3)
	figures = append(figures, timed(fmt.Sprintf("plan of global and cluster policy over SSH, %d hosts", len(hosts)), one,
		ssh.all.plans, ssh.one.plans, 5)...)
	figures = append(figures, pairs(figures[2].What, fmt.Sprintf("the logins alone by ssh, %d at a time", loginsAtOnce),
		"s", seconds(ssh.all.plans), alone, 0))
	return append(figures, pairs(fmt.Sprintf("logins by SSH of a plan, %d hosts", len(hosts)), "one for each host",
		"logins", ssh.all.logins, each(ssh.all.plans, func(cost) float64 { return float64(len(hosts)) }), 1)), nil
}

// many is what all hosts and one of them took.
type many struct{ all, one turns }

// turns are what applies of a changed policy and plans took. logins are those by SSH of each plan.
type turns struct {
	applies, plans []cost
	logins         []float64
}

// over applies and plans on all hosts and on one in turn, by their URIs.
func (manyHosts) over(
	ctx context.Context, b *Bench, hosts []*lab.Host, uri func(*lab.Host) string,
) (took many, err error) {
	for round := range b.Rounds {
		for _, turn := range []struct {
			hosts []*lab.Host
			took  *turns
		}{{hosts, &took.all}, {hosts[:1], &took.one}} {
			if err := turn.took.add(ctx, b, turn.hosts, uri); err != nil {
				return took, err
			}
			b.Say("round %d, %d hosts: apply %.1f s, plan %.1f s, %.0f logins by SSH", round+1, len(turn.hosts),
				turn.took.applies[round].Seconds, turn.took.plans[round].Seconds, turn.took.logins[round])
		}
	}
	return took, nil
}

// add declares policies on hosts, changes one, plans, and removes them.
func (t *turns) add(ctx context.Context, b *Bench, hosts []*lab.Host, uri func(*lab.Host) string) (err error) {
	w, err := b.newWorkspace(realProvider, recordsConfiguration)
	if err != nil {
		return err
	}
	defer w.remove()
	given := policyVariables{Hosts: map[string]hostVariable{}, MaxDowntimeMS: 300}
	w.variables = &given
	for _, h := range hosts {
		given.Hosts[h.Name] = hostVariable{uri(h)}
	}
	defer func() {
		_, failed := w.destroy(context.WithoutCancel(ctx))
		err = errors.Join(err, failed)
	}()
	if _, err := w.apply(ctx); err != nil {
		return err
	}
	given.MaxDowntimeMS = 400
	changed, err := w.apply(ctx)
	if err != nil {
		return err
	}
	before, err := logins(hosts)
	if err != nil {
		return err
	}
	planned, err := w.plan(ctx)
	if err != nil {
		return err
	}
	after, err := logins(hosts)
	t.applies, t.plans = append(t.applies, changed), append(t.plans, planned)
	t.logins = append(t.logins, float64(after-before))
	return err
}

// loginsAtOnce is how many hosts the provider logs in to at a time.
const loginsAtOnce = 8

// loginsAlone logs in to each host and out again, and returns the seconds that it took. Both ends are on this machine.
func loginsAlone(ctx context.Context, hosts []*lab.Host) (float64, error) {
	waiting, failures := make(chan *lab.Host), make(chan error, len(hosts))
	started := time.Now()
	var running sync.WaitGroup
	for range loginsAtOnce {
		running.Go(func() {
			for h := range waiting {
				login := exec.CommandContext(ctx, "ssh", "-T", "-o", "BatchMode=yes", "-l", "root", h.Address, "true")
				if printed, err := login.CombinedOutput(); err != nil {
					failures <- fmt.Errorf("log in to %s: %w: %s", h.Name, err, printed)
				}
			}
		})
	}
	for _, h := range hosts {
		waiting <- h
	}
	close(waiting)
	running.Wait()
	close(failures)
	return time.Since(started).Seconds(), <-failures
}

// logins are all that hosts have accepted by SSH so far.
func logins(hosts []*lab.Host) (sum int, err error) {
	for _, h := range hosts {
		accepted, err := h.SSHLogins()
		if err != nil {
			return 0, err
		}
		sum += accepted
	}
	return sum, nil
}
