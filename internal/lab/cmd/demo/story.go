package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// Blocks of the configuration that the steps change.
const (
	clusterBlock = `resource "virt_cluster_migration_policy" "rack1"`
	vmBlock      = `resource "virt_vm_migration_policy" "web"`
	placeBlock   = `resource "virt_vm_live_migration" "web"`
)

// step is one scene: a change of the configuration, and a move under it.
type step struct {
	title, text string
	edits       []edit
	// by are the arguments that make terraform apply move the VM by the action; none where the resource does it.
	by []string
	// destination is where the move goes.
	destination string
}

var steps = []step{
	{
		title: "Both switches are off",
		text: "The move is tried by hand, with the action. While its memory is copied once, the VM changes\n" +
			"as much of it again.",
		by:          []string{"-invoke=action.virt_vm_live_migration.to_kvm2"},
		destination: "kvm2",
	},
	{
		title: "Auto-converge for the cluster",
		text:  "QEMU slows the VM's processor down, step by step, until the link keeps up. Now the resource\nmoves the VM.",
		edits: []edit{
			{block: clusterBlock, add: []string{`auto_converge = true`}},
			{block: placeBlock, remove: `destination = "kvm1"`, add: []string{`destination = "kvm2"`}},
		},
		destination: "kvm2",
	},
	{
		title: "Compression for this VM",
		text:  "Of a page that was sent before, only the changed bytes are sent again. The VM moves back.",
		edits: []edit{
			{block: vmBlock, add: []string{`compression           = true`, `compression_cache_mib = 256`}},
			{block: placeBlock, remove: `destination = "kvm2"`, add: []string{`destination = "kvm1"`}},
		},
		destination: "kvm1",
	},
	{
		title: "Compression alone",
		text:  "The cluster switches auto-converge off again: nothing slows the VM down.",
		edits: []edit{
			{block: clusterBlock, remove: `auto_converge = true`, add: []string{`auto_converge = false`}},
			{block: placeBlock, remove: `destination = "kvm1"`, add: []string{`destination = "kvm2"`}},
		},
		destination: "kvm2",
	},
}

// performance is a run of the story.
type performance struct {
	*stage
	configuration *configuration
	terraform     *terraform
	rows          []row
}

// perform runs the story. The error says which claim failed.
func perform(ctx context.Context, world *lab.World, k *kit) error {
	began := time.Now()
	say("\nStarting two libvirt hosts and a VM ...")
	scene, err := newStage(ctx, world)
	if err != nil {
		return err
	}
	c, err := newConfiguration(k.workspace(), scene.linkMiB)
	if err != nil {
		return err
	}
	t := &terraform{kit: k, show: func(line string) { say("%s", indent(line)) }}
	p := &performance{stage: scene, configuration: c, terraform: t}
	if err := p.introduce(ctx); err != nil {
		return err
	}
	for i, s := range steps {
		if err := p.play(ctx, i+1, s); err != nil {
			return err
		}
	}
	say("\n%s\n\n%s", heading("What happened"), table(p.rows))
	page, err := writePage(k.Reports, p.rows)
	if err != nil {
		return err
	}
	say("\nThe figures with a picture of each move are in %s,\nbeside the reports that the provider wrote "+
		"(report_directory).", page)
	return p.conclude(time.Since(began))
}

// introduce shows where the story happens and declares the policy.
func (p *performance) introduce(ctx context.Context) error {
	say(`
%s

  hosts  kvm1 and kvm2, each a libvirtd with an address of its own
  VM     %s on kvm1, %d MiB; it keeps changing %d MiB of that, at %.0f MiB/s
  link   %d MiB/s, half of what the VM changes: copying its memory over and over
         never catches up

Before each move, the VM is measured for 15 s, in the plan and again in the apply: what
the move will be like is said first, and how far that was off afterwards.

The policy is declared on three levels (main.tf):

%s`,
		heading("A busy VM, and a link that is too slow for it"),
		p.vm.Name, p.vm.Spec.MemoryMiB, p.vm.Spec.Load.HotMiB, p.undisturbed.DirtyRate/mib, p.linkMiB,
		indent(strings.TrimSpace(p.configuration.main)))
	if err := p.terraform.init(ctx); err != nil {
		return err
	}
	return p.declare(ctx)
}

// declare applies what is not expected to fail.
func (p *performance) declare(ctx context.Context, args ...string) error {
	say("\n$ %s", strings.Join(append([]string{"terraform apply"}, args...), " "))
	failures, err := p.terraform.apply(ctx, args...)
	if err == nil && len(failures) > 0 {
		err = errors.New("terraform apply failed, see above")
	}
	return err
}

// play makes a step's changes and its move, and keeps how the move went.
func (p *performance) play(ctx context.Context, number int, s step) error {
	say("\n%s\n\n%s", heading(fmt.Sprintf("Step %d of %d: %s", number, len(steps), s.title)), s.text)
	for _, e := range s.edits {
		say("\n%s", indent(e.String()))
	}
	if err := p.configuration.change(s.edits); err != nil {
		return err
	}
	say("\n$ %s", strings.Join(append([]string{"terraform apply"}, s.by...), " "))
	before, err := reports(p.terraform.kit.Reports)
	if err != nil {
		return err
	}
	from := time.Now()
	failures, err := p.terraform.apply(ctx, s.by...)
	if err != nil {
		return err
	}
	// The gap of a pause that has just ended shows with the next beat.
	if err := p.alive(ctx); err != nil {
		return err
	}
	pulse := p.vm.Between(from, time.Now())
	var said outputs
	if err := p.terraform.outputs(ctx, &said); err != nil {
		return err
	}
	written, err := newestReport(p.terraform.kit.Reports, len(before))
	if err != nil {
		return err
	}
	played := row{
		step: s, resolved: said.Effective, failures: failures, report: written, pulse: pulse, hosts: p.vm.HostsRunning(),
	}
	if written != nil {
		played.felt = p.vm.Felt(p.undisturbed, written.Move.StartedAt, written.Move.EndedAt)
	}
	p.rows = append(p.rows, played)
	say("\n  %s", played.score())
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

func heading(text string) string { return text + "\n" + strings.Repeat("=", len(text)) }

func indent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}
