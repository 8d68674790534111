//go:build lab

package defects

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// unforeseen is a defect that no check finds as an error, because libvirt has no question for it. The move is refused,
// and what it says then has to be as good as a finding.
type unforeseen struct {
	name string
	// guest, prepare and plant are as a defect has them.
	guest          lab.GuestSpec
	prepare, plant func(*scene)
	// check warns of it, or says that it cannot be made; empty where none does.
	check migration.Check
	// kind is what the refusal means, and host the one at fault.
	kind   refusal.Kind
	host   string
	remedy remedy
	short  bool
}

var unforeseenHeadings = []string{"Defect", "What the plan says", "Refusal", "Host", "What the move says", "Remedy followed"}

// environment is what libvirt shows of a script's environment, which is this machine's.
var environment = regexp.MustCompile(`LC_ALL=C PATH=\S* HOME=\S* `)

// Every defect that no check can find is told by the move that it refuses, in both modes, with the host at fault. The
// VM stays as it is, and arrives once the remedy was followed.
func TestUnforeseen(t *testing.T) {
	began := time.Now()
	var rows [][]string
	for _, u := range unforeseenDefects() {
		if !u.short && !all() {
			continue
		}
		cells := make([]string, len(unforeseenHeadings))
		ran := false // -run may leave it out
		t.Run(u.name, func(t *testing.T) {
			ran = true
			cells[0] = "**FAILED** " + u.name
			u.try(t, cells)
		})
		if ran {
			rows = append(rows, cells)
		}
	}
	counted := fmt.Sprintf("\n%d defects in %s, each refused peer-to-peer and direct.\n", len(rows),
		time.Since(began).Round(time.Second))
	publish(t, "Defects that only the move finds", markdown(unforeseenHeadings, rows)+counted)
}

// try plants the defect, has the move refused, follows the remedy, and moves the VM. It fills the cells of its row.
func (u unforeseen) try(t *testing.T, cells []string) {
	t.Helper()
	if u.prepare != nil {
		u.prepare(emptyScene(t))
	}
	s := newScene(t, u.guest)
	if u.plant != nil {
		u.plant(s)
	}
	cells[1] = u.foretold(t, s.assess(true))
	var advised explain.Advised
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		s.move.Mode = mode
		advised = u.refused(s)
		s.wantOn(s.source)
	}
	cells[2], cells[3] = string(u.kind), u.host
	said := environment.ReplaceAllString(advised.Detail, "")
	cells[4] = strings.NewReplacer(s.guest.UUID, "UUID", s.guest.Name, "web", "\n", " ", "|", "\\|").Replace(said)
	cells[5] = u.remedy.follow(s, advised)
	s.move.Mode = migration.Auto
	if err := s.migrate(); err != nil {
		t.Fatalf("after the remedy: %v", err)
	}
	s.wantOn(s.destination)
	if !t.Failed() {
		cells[0] = u.name
	}
}

// foretold is what a thorough plan says of it: a warning, a check that it cannot make, or nothing. It must refuse nothing.
func (u unforeseen) foretold(t *testing.T, a preflight.Assessment) string {
	t.Helper()
	var said string
	var by migration.Check
	for _, f := range a.Findings {
		if !f.Warning {
			t.Errorf("a check finds it: %v", f)
		}
		said, by = "warns", f.Check
	}
	for _, unchecked := range a.Unchecked {
		said, by = "cannot be checked", unchecked.Check
	}
	if by != u.check {
		t.Errorf("the plan tells of it by %q, want %q: %v, not checked %v", by, u.check, a.Findings, a.Unchecked)
	}
	if by == "" {
		return "nothing"
	}
	return fmt.Sprintf("%s (%s)", said, by)
}

// refused has the move refused, and returns what is said of it and what to do.
func (u unforeseen) refused(s *scene) explain.Advised {
	s.Helper()
	err := s.migrate()
	var diagnosis migration.Diagnosis
	var answer *host.Error
	if !errors.As(err, &diagnosis) || !errors.As(diagnosis.Common().Course.Err, &answer) {
		s.Fatalf("%s: the move ends with %v", s.move.Mode, err)
	}
	if answer.Refusal.Kind != u.kind {
		s.Errorf("%s: refused as %q, want %q: %v", s.move.Mode, answer.Refusal.Kind, u.kind, answer)
	}
	relayed := s.move.Mode == migration.PeerToPeer
	told, _ := explain.Refusal(answer, diagnosis.Common().Outcome.Subject(), relayed)
	if told.Host != u.host && (told.Host != "" || !relayed) {
		s.Errorf("%s: told of %q, want %q", s.move.Mode, told.Host, u.host)
	}
	text := explain.Failure(diagnosis).Detail
	state := "running"
	if s.guest.Spec.State == lab.Paused {
		state = "paused"
	}
	if last := fmt.Sprintf("VM %s is %s on %s", s.guest.Name, state, s.source.Name); !strings.HasSuffix(text, last) {
		s.Errorf("%s: the last line is not %q: %s", s.move.Mode, last, text)
	}
	s.Logf("%s: %s", s.move.Mode, text)
	return explain.Advised{Detail: told.Cause + " " + told.Said, Remedy: text}
}

// migrate moves the guest, with a fleet that has asked nothing before.
func (s *scene) migrate() error {
	s.Helper()
	f, err := fleet.New(s.config)
	s.must(err)
	defer f.Close()
	_, err = f.Move(s.context(), s.move, func(fleet.Progress) {})
	return err
}

// wantOn wants the guest on one host alone, once a QEMU that it has no more use for has ended.
func (s *scene) wantOn(h *lab.Host) {
	s.Helper()
	ctx := s.context()
	for {
		running := s.guest.HostsRunning()
		if slices.Equal(running, []string{h.Name}) {
			return
		}
		select {
		case <-ctx.Done():
			s.Fatalf("the guest is on %v, want %s", running, h.Name)
		case <-time.After(20 * time.Millisecond): // no event tells
		}
	}
}
