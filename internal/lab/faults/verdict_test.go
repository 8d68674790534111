//go:build lab

package faults

import (
	"context"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// verdict is how a scenario ended: what the table shows of it.
type verdict struct {
	code  int
	claim claim
	took  time.Duration // from the fault to Terraform's end
	// then is what both hosts had when Terraform ended, last what they came to after everything was healed.
	then, last reality
	// crashed are the hosts whose libvirtd ended by itself.
	crashed []string
	// mute are the hosts that did not answer when Terraform ended.
	mute  []string
	pulse lab.Record
	// still is the longest gap in the heartbeat of a guest that was not moved: what else keeps the machine busy.
	still time.Duration
	// next is what the next apply said; empty when it was not asked.
	next string
}

// judge checks what every move must keep, and what the scenario wants.
func (s *stage) judge(w want, v verdict) {
	s.Helper()
	if !slices.Contains(w.codes, v.code) {
		s.Errorf("terraform exited with %d, want %d", v.code, w.codes)
	}
	if v.took > w.within {
		s.Errorf("terraform took %s from the fault to its end, want at most %s", v.took, w.within)
	}
	if v.code != codeKilled {
		s.judgeWords(w, v)
	}
	if !slices.Contains(w.ends, v.last.whereabouts()) {
		s.Errorf("in the end the VM is not %s: %s", w.ends, v.last)
	}
	if copies := max(v.then.copies(), v.last.copies()); copies > 1 {
		s.Errorf("the VM runs %d times: %s, then %s", copies, v.then, v.last)
	}
	s.judgePulse(w, v)
	if !s.within(patience, func() bool { return !s.run.left() }) {
		s.Error("a process of Terraform or its provider is left")
	}
	if s.copies {
		s.judgeDisk(v.last)
		s.judgeVolume(v)
		return
	}
	if info, err := os.Stat(s.disk(s.from)); err != nil || info.Size() != int64(s.guest.Disks()[0].MiB)<<20 {
		s.Errorf("the guest's disk is not what it was: %v", err)
	}
}

// judgeWords checks what the provider said.
func (s *stage) judgeWords(w want, v verdict) {
	s.Helper()
	if v.code == 0 && v.claim.summary != "" || v.code != 0 && !slices.Contains(w.summaries, v.claim.summary) {
		s.Errorf("the error is %q, want %q", v.claim.summary, w.summaries)
	}
	for _, words := range w.words {
		if !strings.Contains(v.claim.text, words) {
			s.Errorf("Terraform does not say %q", words)
		}
	}
	if v.claim.line == "" && v.code == 0 {
		return // a resource says nothing when all is well
	}
	if err := v.claim.contradiction(v.then, v.mute); err != nil {
		s.Errorf("when Terraform ended: %v", err)
	}
	if strings.Contains(v.claim.line, " is running ") && !v.claim.mayGoOn && !isHidden.MatchString(v.claim.line) {
		if err := v.claim.contradiction(v.last, v.mute); err != nil {
			s.Errorf("in the end: %v", err)
		}
	}
}

// judgePulse checks what the guest itself lived through.
func (s *stage) judgePulse(w want, v verdict) {
	s.Helper()
	if err := s.guest.Failure(); err != nil {
		s.Errorf("the guest failed: %v", err)
	}
	if len(v.pulse.Lost) > 0 || len(v.pulse.Repeated) > 0 {
		s.Errorf("heartbeats lost: %v, repeated: %v", v.pulse.Lost, v.pulse.Repeated)
	}
	if v.last.copies() == 0 {
		return
	}
	if v.pulse.LongestGap > w.gap+v.still {
		s.Errorf("the guest stood still for %s and one that was not moved for %s, want at most %s more", v.pulse.LongestGap, v.still, w.gap)
	}
	s.requireBeat()
}

// requireBeat wants the guest to beat now.
func (s *stage) requireBeat() {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	if _, err := s.guest.NextBeat(ctx); err != nil {
		s.Errorf("the guest runs and does not beat: %v", err)
	}
}

// mute lists the hosts that do not answer programs that run on none of the hosts, such as Terraform.
func (s *stage) mute() []string {
	var mute []string
	for name, host := range map[string]*lab.Host{sourceName: s.from, destinationName: s.to} {
		if !s.answers(host) {
			mute = append(mute, name)
		}
	}
	return mute
}

// answers tells whether a host answers such a program. Where the kernel takes no connection for it, nobody does.
func (s *stage) answers(host *lab.Host) bool {
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(host.Address, "16509"), observeLimit)
	if err != nil {
		return false
	}
	s.must(connection.Close())
	ctx, cancel := context.WithTimeout(s.Context(), patienceWith(host))
	defer cancel()
	return exec.CommandContext(ctx, "virsh", "--connect", host.URI, "version").Run() == nil
}
