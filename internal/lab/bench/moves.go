package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// moves is a move by the action beside virsh with the same flags.
type moves struct{}

func (moves) Name() string { return "moves" }
func (moves) Hosts() int   { return 2 }

// journey is a guest, and how it is moved by the action and by virsh.
type journey struct {
	name   string
	guest  lab.GuestSpec
	policy map[string]any
	flags  []string
	// atMost is the ratio to reach; spare, in seconds, may be added to virsh's time.
	atMost, spare float64
}

var journeys = []journey{
	{name: "move of an idle guest", guest: lab.IdleGuest(""), atMost: 1, spare: 0.4},
	{
		name: "move of a busy guest", guest: lab.BusyGuest(""), atMost: 1.02,
		policy: map[string]any{
			"auto_converge": true, "auto_converge_initial": 30, "auto_converge_increment": 20, "bandwidth_mib_per_second": 60,
		},
		flags: []string{"--auto-converge", "--auto-converge-initial", "30", "--auto-converge-increment", "20", "--bandwidth", "60"},
	},
}

func (moves) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	var figures []Figure
	for _, j := range journeys {
		made, err := j.measure(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		figures = append(figures, made...)
	}
	return figures, nil
}

// measure moves the guest to and fro, by the action and by virsh in turn. Who begins changes from round to round, so that
// both go both ways.
func (j journey) measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	guest, err := b.World.Start(ctx, j.guest)
	defer func() { err = b.remove(ctx, err, guest) }()
	if err != nil {
		return nil, err
	}
	var ours, theirs, ourDowntime, theirDowntime []float64
	at := 0
	move := func(by func(from, to *lab.Host) (float64, error), took, downtime *[]float64) error {
		from, to := b.World.Hosts[at], b.World.Hosts[1-at]
		seconds, err := by(from, to)
		if err != nil {
			return err
		}
		at = 1 - at
		stood, err := j.downtime(ctx, guest, to)
		*took, *downtime = append(*took, seconds), append(*downtime, stood)
		return err
	}
	byAction := func() error {
		return move(func(_, to *lab.Host) (float64, error) { return j.byAction(ctx, b, guest, to) }, &ours, &ourDowntime)
	}
	byVirsh := func() error {
		return move(func(from, to *lab.Host) (float64, error) { return j.byVirsh(ctx, guest, from, to) }, &theirs, &theirDowntime)
	}
	for round := range b.Rounds {
		turns := []func() error{byAction, byVirsh}
		for turn := range turns {
			if err := turns[(turn+round)%2](); err != nil {
				return nil, err
			}
		}
		b.Say("%s: %.2f s, downtime %.0f ms; virsh %.2f s, %.0f ms", j.name, ours[round], ourDowntime[round], theirs[round], theirDowntime[round])
	}
	against := "virsh migrate --live --p2p"
	if j.spare > 0 {
		against += fmt.Sprintf(" and %.1f s", j.spare)
		for i := range theirs {
			theirs[i] += j.spare
		}
	}
	return []Figure{
		pairs(j.name, against, "s", ours, theirs, j.atMost),
		pairs(j.name+": downtime", "virsh migrate --live --p2p", "ms", ourDowntime, theirDowntime, 0),
	}, nil
}

// byAction moves by a provider that has no connection yet, as virsh has none.
func (j journey) byAction(ctx context.Context, b *Bench, guest *lab.Guest, to *lab.Host) (float64, error) {
	o, err := newOperator(ctx, b.World.Hosts[:2])
	if err != nil {
		return 0, err
	}
	defer o.Close()
	return o.move(ctx, guest, to, j.policy)
}

func (j journey) byVirsh(ctx context.Context, guest *lab.Guest, from, to *lab.Host) (float64, error) {
	arguments := append([]string{
		"migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--migrateuri", to.MigrationURI,
	}, j.flags...)
	started := time.Now()
	_, err := from.Virsh(ctx, append(arguments, guest.UUID, to.PeerURI)...)
	return time.Since(started).Seconds(), err
}

// downtime is libvirt's, in ms, of the migration that brought the guest to the host.
func (journey) downtime(ctx context.Context, guest *lab.Guest, at *lab.Host) (float64, error) {
	job, err := at.Virsh(ctx, "domjobinfo", "--completed", "--keep-completed", guest.UUID)
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(job, "Total downtime:")
	var ms float64
	if _, err := fmt.Sscan(rest, &ms); !found || err != nil {
		return 0, fmt.Errorf("no downtime in %q", job)
	}
	return ms, nil
}
