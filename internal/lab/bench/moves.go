package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	// copies makes a move that copies the guest's disks, each time into files that are not there yet.
	copies bool
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
		flags: []string{
			"--auto-converge", "--auto-converge-initial", "30", "--auto-converge-increment", "20", "--bandwidth", "60",
		},
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

// moved is what one move took.
type moved struct {
	// seconds went by; migrating, in seconds, is the part of them that libvirt says its job took, and downtime is in ms.
	seconds, migrating, downtime float64
}

// measure moves the guest to and fro, by the action and by virsh in turn. Who begins changes from round to round, so
// that both go both ways.
func (j journey) measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	guest, err := b.World.Start(ctx, j.guest)
	defer func() { err = b.remove(ctx, err, guest) }()
	if err != nil {
		return nil, err
	}
	var ours, theirs []moved
	at := 0
	move := func(by func(from, to *lab.Host) (float64, error), took *[]moved) error {
		from, to := b.World.Hosts[at], b.World.Hosts[1-at]
		if err := j.clear(ctx, guest, to); err != nil {
			return err
		}
		seconds, err := by(from, to)
		if err != nil {
			return err
		}
		at = 1 - at
		m, err := j.completed(ctx, guest, to)
		m.seconds = seconds
		*took = append(*took, m)
		return err
	}
	byAction := func() error {
		return move(func(_, to *lab.Host) (float64, error) { return j.byAction(ctx, b, guest, to) }, &ours)
	}
	byVirsh := func() error {
		return move(func(from, to *lab.Host) (float64, error) { return j.byVirsh(ctx, guest, from, to) }, &theirs)
	}
	for round := range b.Rounds {
		turns := []func() error{byAction, byVirsh}
		for turn := range turns {
			if err := turns[(turn+round)%2](); err != nil {
				return nil, err
			}
		}
		b.Say("round %d, %s: %v; virsh %v", round+1, j.name, ours[round], theirs[round])
	}
	return j.figures(ours, theirs), nil
}

func (m moved) String() string {
	return fmt.Sprintf("%.2f s, of it migration %.2f s, downtime %.0f ms", m.seconds, m.migrating, m.downtime)
}

// figures compares moves of the same round. The guest decides how long a migration takes, so the last figure gives both
// moves of a round the same migration, the mean of theirs: what is left is what the tools add to it.
func (j journey) figures(ours, theirs []moved) []Figure {
	virsh := "virsh migrate --live --p2p"
	if j.copies {
		virsh += " " + copyStorage
	}
	against := virsh
	if j.spare > 0 {
		against += fmt.Sprintf(" and %.1f s", j.spare)
	}
	seconds := func(m moved) float64 { return m.seconds }
	spared := func(m moved) float64 { return m.seconds + j.spare }
	downtime := func(m moved) float64 { return m.downtime }
	var ourAlike, theirAlike []float64
	for i := range ours {
		migration := (ours[i].migrating + theirs[i].migrating) / 2
		ourAlike = append(ourAlike, migration+ours[i].seconds-ours[i].migrating)
		theirAlike = append(theirAlike, migration+theirs[i].seconds-theirs[i].migrating+j.spare)
	}
	return []Figure{
		pairs(j.name, against, "s", each(ours, seconds), each(theirs, spared), j.atMost),
		pairs(j.name+": downtime", virsh, "ms", each(ours, downtime), each(theirs, downtime), 0),
		pairs(j.name+", were the migrations equally long", against, "s", ourAlike, theirAlike, j.atMost),
	}
}

// clear removes what earlier moves have left of disks that are copied.
func (j journey) clear(ctx context.Context, guest *lab.Guest, to *lab.Host) error {
	if !j.copies {
		return nil
	}
	for _, d := range guest.Disks() {
		if err := os.Remove(to.Inside(d.Path)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	_, err := to.Virsh(ctx, "pool-refresh", localPool)
	return err
}

// byAction moves by a provider that has no connection yet, as virsh has none.
func (j journey) byAction(ctx context.Context, b *Bench, guest *lab.Guest, to *lab.Host) (float64, error) {
	o, err := newOperator(ctx, b.World.Hosts[:2], nil)
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

// completed is what libvirt says of the migration that brought the guest to the host.
func (journey) completed(ctx context.Context, guest *lab.Guest, at *lab.Host) (m moved, err error) {
	job, err := at.Virsh(ctx, "domjobinfo", "--completed", "--keep-completed", "--rawstats", guest.UUID)
	if err != nil {
		return m, err
	}
	for name, value := range map[string]*float64{"time_elapsed:": &m.migrating, "downtime:": &m.downtime} {
		_, rest, found := strings.Cut(job, name)
		if _, err := fmt.Sscan(rest, value); !found || err != nil {
			return m, fmt.Errorf("no %s in %q", name, job)
		}
	}
	m.migrating /= 1000
	return m, nil
}
