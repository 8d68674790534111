//go:build lab

package provider_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// recordsBody declares all three levels under labels that tests change.
const recordsBody = `
{{ $life := .Life }}
resource "virt_migration_global_settings" "{{ .Label }}" {
  stall_timeout = "{{ .Seconds }}s"
  {{ $life }}
}

resource "virt_cluster_migration_policy" "{{ .Label }}" {
  name            = "compute"
  hosts           = [{{ range $i, $host := .Hosts }}{{ if $i }}, {{ end }}"{{ $host }}"{{ end }}]
  max_downtime_ms = {{ .Seconds }}
  {{ $life }}
}

resource "virt_vm_migration_policy" "{{ .Label }}" {
  for_each        = toset([{{ range $i, $vm := .VMs }}{{ if $i }}, {{ end }}"{{ $vm }}"{{ end }}])
  vm              = each.key
  max_downtime_ms = {{ .Seconds }}
  {{ $life }}
}
{{ .More }}
`

type recordsData struct {
	Label      string
	Seconds    int
	Life, More string
	Hosts, VMs []string
}

// createBeforeDestroy replaces all three levels when its trigger changes.
const createBeforeDestroy = `lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.trigger]
  }`

func trigger(value int) string {
	return fmt.Sprintf("resource \"terraform_data\" \"trigger\" { input = %d }\n", value)
}

// recordsLab is a few dozen VMs on two hosts, and what is recorded of them.
type recordsLab struct {
	hosts []*lab.Host
	data  recordsData
}

func newRecordsLab(t *testing.T, vms int) *recordsLab {
	t.Helper()
	withoutHostRecords(t)
	world := testLab(t)
	l := &recordsLab{hosts: world.Hosts[:2], data: recordsData{Label: "first", Seconds: 30, Hosts: []string{"kvm1", "kvm2"}}}
	for _, spec := range []lab.GuestSpec{{Bare: true}, {Bare: true, Host: "kvm2"}} {
		l.data.VMs = append(l.data.VMs, world.StartGuest(t, spec).Name)
	}
	for _, h := range l.hosts {
		for _, guest := range world.StartGuests(t, vms/len(l.hosts), lab.GuestSpec{Bare: true, State: lab.Inactive, Host: h.Name}) {
			l.data.VMs = append(l.data.VMs, guest.Name)
		}
	}
	return l
}

// recorded counts the VMs' records that say what is declared.
func (l *recordsLab) recorded(t *testing.T, seconds int) int {
	t.Helper()
	found := 0
	for _, h := range l.hosts {
		var commands []string
		for _, vm := range l.data.VMs {
			commands = append(commands, "metadata "+vm+" "+metadataURI+" --config")
		}
		// It fails for VMs of other hosts and those without a record.
		out, _ := h.Virsh(t.Context(), strings.Join(commands, "; "))
		found += strings.Count(strings.ReplaceAll(out, "&quot;", `"`), fmt.Sprintf(`"max_downtime_ms":%d`, seconds))
	}
	return found
}

// require expects each record to be there, and to say what is declared.
func (l *recordsLab) require(t *testing.T, what string) {
	t.Helper()
	seconds := l.data.Seconds
	if found := l.recorded(t, seconds); found != len(l.data.VMs) {
		t.Errorf("%s: %d of %d VMs have their record", what, found, len(l.data.VMs))
	}
	for _, h := range l.hosts {
		if got := undeclared(hostRecord(t, h, clusterSecret)); got != fmt.Sprintf(`{"version":1,"cluster":"compute","max_downtime_ms":%d}`, seconds) {
			t.Errorf("%s: the cluster's record on %s is %q", what, h.Name, got)
		}
		if got := hostRecord(t, h, globalSecret); !strings.Contains(got, fmt.Sprintf(`"stall_timeout":"%ds"`, seconds)) {
			t.Errorf("%s: the global record on %s is %q", what, h.Name, got)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// requireNone expects no record to be left.
func (l *recordsLab) requireNone(t *testing.T) {
	t.Helper()
	if found := l.recorded(t, l.data.Seconds); found > 0 {
		t.Errorf("%d VMs still have a record", found)
	}
	requireHostRecord(t, clusterSecret, "", l.hosts...)
	requireHostRecord(t, globalSecret, "", l.hosts...)
}

// apply applies what the data say and expects the world to be as declared after
// it, with nothing to do and nothing changed outside.
func (l *recordsLab) apply(t *testing.T, w *workspace, block providerBlock, what string) string {
	t.Helper()
	w.write(t, block.with(t, recordsBody, l.data))
	out := w.must(t, 0, "apply", "-auto-approve").stdout
	l.require(t, what)
	w.unchanged(t)
	return out
}

// imports are blocks that import all records.
func (l *recordsLab) imports() string {
	return fmt.Sprintf(`
import {
  to = virt_migration_global_settings.%[1]s
  id = "global"
}

import {
  to = virt_cluster_migration_policy.%[1]s
  id = "compute"
}

import {
  for_each = toset(%[2]s)
  to       = virt_vm_migration_policy.%[1]s[each.key]
  id       = each.key
}
`, l.data.Label, `["`+strings.Join(l.data.VMs, `", "`)+`"]`)
}

// replacement asks for the replacement of one resource on each level.
func (l *recordsLab) replacement() []string {
	args := []string{"apply", "-auto-approve"}
	for _, address := range []string{
		"virt_migration_global_settings." + l.data.Label, "virt_cluster_migration_policy." + l.data.Label,
		fmt.Sprintf("virt_vm_migration_policy.%s[%q]", l.data.Label, l.data.VMs[0]),
	} {
		args = append(args, "-replace="+address)
	}
	return args
}

// consumer depends on all three levels, and makes them be created before they are
// destroyed.
func consumer(label string, round int) string {
	return fmt.Sprintf(`resource "terraform_data" "consumer" {
  input            = %d
  triggers_replace = [virt_migration_global_settings.%[2]s.id, virt_cluster_migration_policy.%[2]s.id, virt_vm_migration_policy.%[2]s]
  lifecycle { create_before_destroy = true }
}
`, round, label)
}

// rounds is how often the orders that Terraform chooses by chance are tried:
// VIRT_RECORD_ROUNDS, else few.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("VIRT_RECORD_ROUNDS")
	if text == "" {
		return 2
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAccRecords_addresses changes the addresses of records in every way that
// Terraform has, with a few dozen VMs on all three levels: no record is lost.
// It runs alone: host-level records are one per host.
func TestAccRecords_addresses(t *testing.T) {
	l := newRecordsLab(t, 30)
	block := labProvider(t)
	w := newWorkspace(t, "")
	l.apply(t, w, block, "created")
	for round := range rounds(t) {
		of := func(what string) string { return fmt.Sprintf("round %d, %s", round, what) }
		l.data.Label, l.data.Life = fmt.Sprintf("renamed%d", round), ""
		out := l.apply(t, w, block, of("label renamed"))
		if strings.Contains(out, "Left in Place") {
			t.Errorf("a renamed label is told as somebody else's:\n%s", out)
		}

		l.data.Label, l.data.Seconds = fmt.Sprintf("changed%d", round), 31+round
		l.apply(t, w, block, of("label and values changed at once"))

		// Every instance is replaced, and so is whatever depends on it.
		l.data.Life, l.data.More = createBeforeDestroy, trigger(round)
		l.apply(t, w, block, of("create_before_destroy declared"))
		l.data.More = trigger(round + 1000)
		l.apply(t, w, block, of("replaced, created before destroyed"))

		w.must(t, 0, l.replacement()...)
		l.require(t, of("asked to be replaced, created before destroyed"))

		l.data.Life, l.data.More = "", consumer(l.data.Label, round)
		l.apply(t, w, block, of("create_before_destroy inherited from a consumer"))
		w.must(t, 0, l.replacement()...)
		l.require(t, of("asked to be replaced, created before destroyed for a consumer"))

		l.data.Life, l.data.More = "", ""
		l.apply(t, w, block, of("destroyed before created, declared"))
		w.must(t, 0, l.replacement()...)
		l.require(t, of("asked to be replaced, destroyed before created"))
	}
	w.must(t, 0, "destroy", "-auto-approve")
	l.requireNone(t)
}

// TestAccRecords_twoStates declares the same records in two states.
// It runs alone: host-level records are one per host.
func TestAccRecords_twoStates(t *testing.T) {
	l := newRecordsLab(t, 4)
	block := labProvider(t)
	first, second := newWorkspace(t, ""), newWorkspace(t, "")
	l.apply(t, first, block, "created")
	out := l.apply(t, second, block, "declared again")
	for _, summary := range []string{"Global Migration Settings Taken Over", "Cluster Migration Policy Taken Over", "VM Migration Policy Taken Over"} {
		if !saying(summary).MatchString(out) {
			t.Errorf("the second state is not told %q:\n%s", summary, out)
		}
	}
	plan := first.must(t, 0, "plan", "-detailed-exitcode")
	for _, summary := range []string{"Global Migration Settings Declared Elsewhere", "Cluster Migration Policy Declared Elsewhere", "VM Migration Policy Declared Elsewhere"} {
		if !saying(summary).MatchString(plan.stdout) {
			t.Errorf("the first state is not told %q:\n%s", summary, plan)
		}
	}

	// What the second one changes is no drift of the first.
	l.data.Seconds = 31
	l.apply(t, second, block, "changed by the second")
	first.must(t, 0, "plan", "-detailed-exitcode")

	// A change of the first takes the records back.
	l.data.Seconds = 32
	first.write(t, block.with(t, recordsBody, l.data))
	if out := first.must(t, 0, "apply", "-auto-approve").stdout; !saying("VM Migration Policy Taken Over").MatchString(out) {
		t.Errorf("the first state does not say that it took the record back:\n%s", out)
	}
	l.require(t, "taken back by the first")

	left := second.must(t, 0, "destroy", "-auto-approve")
	l.require(t, "destroyed by the second")
	for _, summary := range []string{"Global Migration Settings Left in Place", "Cluster Migration Policy Left in Place", "VM Migration Policy Left in Place"} {
		if !saying(summary).MatchString(left.stdout) {
			t.Errorf("the loser is not told %q:\n%s", summary, left)
		}
	}

	// An import takes the owner that it finds: its first change robs nobody.
	third := newWorkspace(t, "")
	l.data.Seconds, l.data.More = 33, l.imports()
	if out := l.apply(t, third, block, "imported by the third, and changed"); saying("Taken Over").MatchString(out) {
		t.Errorf("the import takes something over:\n%s", out)
	}
	third.must(t, 0, "destroy", "-auto-approve")
	l.requireNone(t)
	first.must(t, 0, "destroy", "-auto-approve")
}

// TestAccRecords_somebodyElses refuses records that say something else, while
// planning, on every level.
// It runs alone: host-level records are one per host.
func TestAccRecords_somebodyElses(t *testing.T) {
	l := newRecordsLab(t, 4)
	block := labProvider(t)
	first, second := newWorkspace(t, ""), newWorkspace(t, "")
	l.apply(t, first, block, "created")
	other := l.data
	other.Seconds = 40
	second.write(t, block.with(t, recordsBody, other))
	refused := second.must(t, 1, "plan")
	for _, words := range []string{
		"Unable to Create Global Migration Settings", "terraform import virt_migration_global_settings.NAME global",
		"Unable to Create Cluster Migration Policy", `terraform import virt_cluster_migration_policy.NAME compute`,
		"Unable to Create VM Migration Policy", "terraform import virt_vm_migration_policy.NAME",
		"max_downtime_ms is 30, declared 40", "moved block",
	} {
		if !saying(words).MatchString(refused.stderr) {
			t.Errorf("the plan does not say %q:\n%s", words, refused)
		}
	}
	l.require(t, "refused to the second")
	first.must(t, 0, "destroy", "-auto-approve")
}

// TestAccRecords_hostLabels gives hosts other keys in the provider's
// configuration.
// It runs alone: host-level records are one per host.
func TestAccRecords_hostLabels(t *testing.T) {
	l := newRecordsLab(t, 4)
	lab := labProvider(t, "kvm1", "kvm2")
	renamed := providerBlock{Hosts: map[string]hostBlock{"node1": lab.Hosts["kvm1"], "node2": lab.Hosts["kvm2"]}}
	swapped := providerBlock{Hosts: map[string]hostBlock{"kvm1": lab.Hosts["kvm2"], "kvm2": lab.Hosts["kvm1"]}}
	nodes := l.data
	nodes.Hosts = []string{"node1", "node2"}
	w := newWorkspace(t, "")
	l.apply(t, w, lab, "created")

	w.write(t, renamed.with(t, recordsBody, nodes))
	plan := w.must(t, 0, "plan", "-detailed-exitcode")
	for _, words := range []string{`Warning: Host Renamed`, `Host "kvm1" is now called "node1"`, `Host "kvm2" is now called "node2"`, "No changes."} {
		if !saying(words).MatchString(plan.stdout) {
			t.Errorf("the plan does not say %q:\n%s", words, plan)
		}
	}
	w.must(t, 0, "destroy", "-auto-approve") // straight after, nothing having been applied
	l.requireNone(t)

	l.apply(t, w, lab, "created again")
	w.write(t, renamed.with(t, recordsBody, nodes))
	w.must(t, 0, "apply", "-auto-approve")
	l.require(t, "keys renamed")
	w.nothingStale(t)

	l.apply(t, w, lab, "keys renamed back")
	w.write(t, swapped.with(t, recordsBody, l.data))
	w.must(t, 0, "plan", "-detailed-exitcode")
	w.must(t, 0, "destroy", "-auto-approve")
	l.requireNone(t)
}

// TestAccRecords_hostsOutOfReach destroys what is recorded on hosts that cannot
// be asked: it fails while such a host may answer, and says what is left where one
// has gone for good.
// It runs alone: host-level records are one per host.
func TestAccRecords_hostsOutOfReach(t *testing.T) {
	l := newRecordsLab(t, 2)
	up := labProvider(t, "kvm1", "kvm2")
	down := up.without("kvm2")
	down.Unreachable = "warn"
	moved := providerBlock{Hosts: map[string]hostBlock{"kvm1": down.Hosts["kvm1"], "other": down.Hosts["kvm2"]}, Unreachable: "warn"}
	one := labProvider(t, "kvm1")
	w := newWorkspace(t, "")
	l.apply(t, w, up, "created")
	for what, test := range map[string]struct {
		block providerBlock
		says  []string
	}{
		"it is down":               {down, []string{`The record may still be on "kvm2", which cannot be asked.`}},
		"its key was renamed, too": {moved, []string{`The record may still be on "kvm2" (host UUID`, `none of the hosts that answer is that one, and "other" cannot be asked.`}},
	} {
		w.write(t, test.block.String())
		r := w.must(t, 1, "destroy", "-auto-approve")
		for _, words := range append(test.says, "Unable to Delete Global Migration Settings", "Unable to Delete Cluster Migration Policy") {
			if !saying(words).MatchString(r.stderr) {
				t.Errorf("%s: the destroy does not say %q:\n%s", what, words, r)
			}
		}
		for _, secret := range []string{globalSecret, clusterSecret} {
			if hostRecord(t, l.hosts[1], secret) == "" {
				t.Errorf("%s: the record on kvm2 is gone", what)
			}
		}
	}
	w.write(t, one.String())
	r := w.must(t, 0, "destroy", "-auto-approve")
	for _, words := range []string{"Left on Former Hosts", `None of the provider's hosts is "kvm2"`, "A record that is there stays there"} {
		if !saying(words).MatchString(r.stdout) {
			t.Errorf("the destroy does not say %q:\n%s", words, r)
		}
	}
	if out := w.must(t, 0, "state", "list").stdout; out != "" {
		t.Errorf("state still has %s", out)
	}
}
