//go:build lab

package soak

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// outcome is how a move with disks ended, by what it said.
type outcome string

const (
	arrived   outcome = "arrived"
	cancelled outcome = "cancelled"
	// failed was begun, refused was not.
	failed  outcome = "failed"
	refused outcome = "refused"
	// killed is a move whose client said nothing any more.
	killed outcome = "client killed"
)

var outcomes = []outcome{arrived, cancelled, failed, refused, killed}

func outcomeOf(err error) outcome {
	var (
		wasCancelled *migration.CancelledError
		unfit        *migration.PreflightError
		diagnosis    migration.Diagnosis
	)
	switch {
	case err == nil:
		return arrived
	case errors.Is(err, lab.ErrKilled):
		return killed
	case errors.As(err, &wasCancelled):
		return cancelled
	case errors.As(err, &unfit) || !errors.As(err, &diagnosis):
		return refused
	}
	return failed
}

// results counts moves.
type results struct {
	mutex sync.Mutex
	// ended counts them by hazard and outcome.
	ended map[string]map[outcome]int
	// there counts those that said nothing or that they had failed, and after which the guest was on its destination; resumed those
	// after which a person had to resume it, or to end what was left paused of it; unnoted the volumes that a killed client had no time to note.
	there, resumed, unnoted int
}

// moves is how many there were.
func (r *results) moves() uint64 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	all := uint64(0)
	for _, ended := range r.ended {
		for _, n := range ended {
			all += uint64(n)
		}
	}
	return all
}

func (r *results) unnote() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.unnoted++
}

func (r *results) add(hazard string, ended outcome, onDestination, resumed bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.ended == nil {
		r.ended = map[string]map[outcome]int{}
	}
	if r.ended[hazard] == nil {
		r.ended[hazard] = map[outcome]int{}
	}
	r.ended[hazard][ended]++
	if onDestination && ended != arrived {
		r.there++
	}
	if resumed {
		r.resumed++
	}
}

// String is a table.
func (r *results) String() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var b strings.Builder
	b.WriteString("| what goes wrong | moves |")
	for _, o := range outcomes {
		fmt.Fprintf(&b, " %s |", o)
	}
	b.WriteString("\n|---|---|---|---|---|---|---|\n")
	for _, hazard := range slices.Sorted(maps.Keys(r.ended)) {
		all := 0
		for _, n := range r.ended[hazard] {
			all += n
		}
		fmt.Fprintf(&b, "| %s | %d |", hazard, all)
		for _, o := range outcomes {
			fmt.Fprintf(&b, " %d |", r.ended[hazard][o])
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "arrived though the move did not say so: %d; helped by a person: %d; volumes not noted: %d", r.there, r.resumed, r.unnoted)
	return b.String()
}
