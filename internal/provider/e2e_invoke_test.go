//go:build lab

package provider_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestAccInvoke(t *testing.T) {
	needActions(t)
	world := testLab(t)
	// About six seconds of pre-copy: there is a reading in between.
	guest := world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 48, RateMiB: 1, WholePages: true}})
	started := time.Now()
	block := labProvider(t)
	block.Reports = filepath.Join(t.TempDir(), "reports")
	w := newWorkspace(t, block.String()+moveAction(guest.Name, `bandwidth_mib_per_second = 12`))

	r := w.must(t, 0, invoke...)
	lines := progressLines(r.stdout)
	t.Log(strings.Join(lines, "\n"))
	for _, want := range []string{
		`^\d+s, starting: from kvm1 to kvm2, peer-to-peer$`,
		`^\d+s, pre-copy: sending memory; pass 1, \d+ MiB of \d+ MiB left`,
		`^\d+s, pre-copy: pass \d+, .* left, sending \d+(\.\d+)? MiB/s`,
		`^\d+s, verifying: looking at kvm1 and kvm2$`,
	} {
		if !matchesOne(lines, want) {
			t.Errorf("no line of progress is %s", want)
		}
	}
	last := regexp.MustCompile(`^VM ` + guest.Name + ` is running on kvm2: moved from kvm1 in \d+(\.\d+)?s, downtime \d+(\.\d+)?s, \d+ passes, \d+(\.\d)? MiB sent$`)
	if end := lines[len(lines)-1]; !last.MatchString(end) {
		t.Errorf("the last line is %q", end)
	}
	requireHome(t, guest, "kvm2", "running")
	requireReport(t, block.Reports, guest, "completed")
	requireSteadyPulse(t, guest, started, 5*time.Second)

	r = w.must(t, 0, invoke...)
	if want := fmt.Sprintf("VM %s is running on kvm2 already: nothing to move (the migration that brought it there took ", guest.Name); !strings.Contains(r.stdout, want) {
		t.Errorf("no %q in %s", want, r)
	}
	r = w.must(t, 0, "plan", "-input=false", "-detailed-exitcode")
	if !strings.Contains(r.stdout, "No changes") {
		t.Errorf("an action leaves nothing to plan: %s", r)
	}
}

func TestAccInvoke_json(t *testing.T) {
	needActions(t)
	guest := testLab(t).StartGuest(t, typical())
	w := newWorkspace(t, labProvider(t).String()+moveAction(guest.Name, `bandwidth_mib_per_second = 10`))
	reports := reportsOf(t, w)
	r := w.must(t, 0, append(invoke, "-json")...)
	requireReport(t, reports, guest, "completed")
	requireHistory(t, guest, "kvm2", "completed")
	seen := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(r.stdout)); lines.Scan(); {
		var event struct {
			Type    string
			Message string `json:"@message"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		seen[event.Type] += event.Message + "\n"
	}
	for kind, want := range map[string]string{
		"action_start":    "action.virt_vm_live_migration.move",
		"action_progress": "VM " + guest.Name + " is running on kvm2: moved from kvm1",
		"action_complete": "action.virt_vm_live_migration.move",
	} {
		if !strings.Contains(seen[kind], want) {
			t.Errorf("no %s with %q in\n%s", kind, want, r.stdout)
		}
	}
}

// TestAccInvoke_failed wants the exit code and both streams of a move that is
// refused.
func TestAccInvoke_failed(t *testing.T) {
	needActions(t)
	guest := testLab(t).StartGuest(t, lab.GuestSpec{State: lab.Inactive, Bare: true})
	w := newWorkspace(t, labProvider(t).String()+moveAction(guest.Name, ``))
	r := w.must(t, 1, invoke...)
	if !sayingAll("Unable to Migrate VM", "is not running on kvm1 (shut off)").MatchString(r.stderr) {
		t.Errorf("got %s", r)
	}
}

// progressLines are what an action said, without Terraform's prefix.
func progressLines(stdout string) []string {
	var lines []string
	for _, line := range strings.Split(stdout, "\n") {
		if _, said, ok := strings.Cut(line, "(triggered by CLI): "); ok {
			lines = append(lines, said)
		}
	}
	return lines
}

func matchesOne(lines []string, pattern string) bool {
	compiled := regexp.MustCompile(pattern)
	for _, line := range lines {
		if compiled.MatchString(line) {
			return true
		}
	}
	return false
}
