package places

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A move starts uncounted only on a host that keeps no leases. Where it is not clear whether it has a place, it asks again, and in
// the end it is not started.
func TestPlaces_unclear(t *testing.T) {
	t.Parallel()
	const ever = time.Hour
	unsent := errors.Join(migration.ErrUnreachable, migration.ErrUnsent)
	for name, test := range map[string]struct {
		fails    error
		lasts    time.Duration
		waits    bool
		begins   bool // as far as the checks
		starts   bool
		unleased int
	}{
		"libvirt has no secret driver":  {host.ErrNoSecretDriver, ever, false, true, true, 1},
		"the login may not":             {host.ErrDenied, ever, false, true, true, 1},
		"libvirt is too old":            {host.ErrUnsupported, ever, false, true, true, 1},
		"the call is lost":              {migration.ErrUnreachable, 5 * time.Second, true, true, true, 0},
		"the outcome is unknown":        {host.ErrOutcomeUnknown, 5 * time.Second, true, true, true, 0},
		"libvirt answers with an error": {errors.New("internal error"), 5 * time.Second, true, true, true, 0},
		"it never answers":              {host.ErrOutcomeUnknown, ever, true, false, false, 0},
		"it cannot be reached":          {unsent, ever, false, true, false, 0}, // the checks refuse it
		"it can be reached meanwhile":   {unsent, 100 * time.Millisecond, false, true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := newFakeHost("a", 1), newFakeHost("b", 2)
				b.fail(test.fails)
				mended := time.AfterFunc(test.lasts, func() { b.fail(nil) })
				defer mended.Stop()
				r := newFakeRun("one", 1, a, b)
				var said []string
				began := time.Now()
				place, err := r.Enter(t.Context(), trip(vmNumber(1), "a", "b"), func(w Wait) { said = append(said, fmt.Sprint(w.Kind, " ", w.Host)) })
				took := time.Since(began)
				if test.begins != (err == nil) {
					t.Fatalf("it came to %v", err)
				}
				if test.begins {
					if n := len(place.Unleased()); n != test.unleased {
						t.Errorf("%d hosts keep no leases", n)
					}
					pass(t, time.Second) // the checks
					err = place.Confirm(t.Context())
					place.Leave(t.Context())
				} else if took < answerWithin || took > answerWithin+3*time.Second {
					t.Errorf("it was given up after %s", took)
				}
				var unclear *UnclearError
				if test.starts != (err == nil) || err != nil && (!errors.As(err, &unclear) || unclear.Host != "b" || !errors.Is(err, test.fails)) {
					t.Errorf("it came to %v", err)
				}
				var want []string
				if test.waits {
					want = []string{"unclear b"}
				}
				if diff := cmp.Diff(want, said); diff != "" {
					t.Errorf("it said (-want +got):\n%s", diff)
				}
				if len(a.leases)+len(b.leases) != 0 {
					t.Errorf("leases are left: %v and %v", a.leases, b.leases)
				}
			})
		})
	}
}

// A move that waits for its turn outlasts a restart of a host's daemon.
func TestPlaces_unreachedWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		b.migrate(lease.In, "virsh", true)
		r := newFakeRun("one", 1, a, b)
		var said []string
		var began time.Time
		var moving sync.WaitGroup
		moving.Go(func() {
			err := r.move(t.Context(), trip(vmNumber(1), "a", "b"), time.Second, func() { began = time.Now() }, func(w Wait) { said = append(said, fmt.Sprint(w.Kind, " ", w.Host)) })
			if err != nil {
				t.Error(err)
			}
		})
		pass(t, 5*time.Second)
		b.fail(errors.Join(migration.ErrUnreachable, migration.ErrUnsent))
		pass(t, answerWithin-3*time.Second)
		b.fail(nil)
		pass(t, 5*time.Second)
		freed := time.Now()
		b.migrate(lease.In, "virsh", false)
		moving.Wait()
		if took := began.Sub(freed); took < 0 || took > 2*placePoll {
			t.Errorf("it began %s after the place was free", took)
		}
		if diff := cmp.Diff([]string{"destination full b", "unclear b", "destination full b"}, said); diff != "" {
			t.Errorf("it said (-want +got):\n%s", diff)
		}
	})
}
