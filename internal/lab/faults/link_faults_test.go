//go:build lab

package faults

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// linkFaults lose what the two hosts send each other; Terraform still reaches both.
var linkFaults = []scenario{
	{
		name: "the link is cut for 5 s",
		at:   []moment{inMiddle},
		strike: func(s *stage) {
			s.cut()
			<-time.After(5 * time.Second) // the fault is that long
			s.join()
			s.hurry()
		},
		want: want{ends: []whereabouts{onDestination}, codes: []int{0}, within: 60 * time.Second},
	},
	{
		name: "the link is cut for 5 s",
		at:   []moment{atEnd},
		strike: func(s *stage) {
			s.cut()
			<-time.After(5 * time.Second) // the fault is that long
			s.join()
		},
		want: want{ends: []whereabouts{onDestination}, codes: []int{0}, within: 60 * time.Second, gap: 30 * time.Second},
	},
	{
		name:   "the link is cut for good",
		always: true,
		at:     []moment{inMiddle},
		strike: (*stage).cut,
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut}, within: 90 * time.Second},
	},
	{
		// QEMU is stuck, with the guest stopped, until the link works again or the kernel gives up.
		name:   "the link is cut for good",
		at:     []moment{atEnd},
		strike: (*stage).cut,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut, failed},
			words: []string{"does not answer libvirt"}, within: 2 * time.Minute, gap: 5 * time.Minute,
		},
	},
	{
		name:    "the link is cut for good, and the kernel gives up",
		arrange: (*stage).impatientTCP,
		at:      []moment{atEnd},
		strike:  (*stage).cut,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut, failed},
			within: 2 * time.Minute, gap: time.Minute,
		},
	},
	{
		// Linux gives a connection up after 134 s; libvirt takes no order before.
		name:    "a firewall drops the memory",
		policy:  "\n    bandwidth_mib_per_second = 4",
		arrange: (*stage).dropMemory,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed},
			words: []string{"firewall", "49152 to 49215"}, within: 3 * time.Minute, gap: 10 * time.Second,
		},
	},
	{
		name:    "a firewall drops the memory, and the move is to end meanwhile",
		policy:  soonOver,
		arrange: (*stage).dropMemory,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut},
			words: []string{"could not be stopped", "firewall"}, within: 3 * time.Minute, gap: 10 * time.Second,
		},
	},
	{
		name:    "a firewall drops the memory, and lets it pass once the move was to end",
		always:  true,
		policy:  soonOver,
		arrange: func(s *stage) { s.dropMemory(); s.passMemoryAfter(40 * time.Second) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut},
			words: []string{"was cancelled"}, within: 2 * time.Minute, gap: 10 * time.Second,
		},
	},
	{
		name:    "a firewall drops the memory, and lets it pass after Ctrl-C",
		asked:   bothForms,
		arrange: (*stage).dropMemory,
		at:      []moment{atStart},
		strike:  func(s *stage) { s.must(s.run.signal(syscall.SIGINT)); s.passMemoryAfter(30 * time.Second) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{cancelled},
			within: 2 * time.Minute, gap: 10 * time.Second,
		},
	},
	{
		name:    "the link is cut in post-copy",
		policy:  afterFiveSeconds,
		arrange: func(s *stage) { s.limit(4); s.impatientTCP() },
		at:      []moment{inPostCopy},
		strike:  (*stage).cut,
		want:    want{ends: []whereabouts{splitMemory}, codes: []int{1}, summaries: []string{failed}, words: []string{"--postcopy-resume"}, within: 3 * time.Minute},
	},
}

// afterFiveSeconds switches to post-copy, which the link must make slow: it knows no limit of the policy.
const afterFiveSeconds = `
    post_copy  = true
    on_timeout = "post_copy"
    timeout    = "5s"`

// soonOver ends a move long before Linux gives a connection up.
const soonOver = `
    bandwidth_mib_per_second = 4
    timeout                  = "10s"`

// dropMemory loses what the source sends to the destination's QEMU.
func (s *stage) dropMemory() {
	s.Helper()
	s.must(s.to.DropPorts(s.Context(), lab.MigrationPorts[0], lab.MigrationPorts[1]))
}

// passMemoryAfter ends that after a time, whatever Terraform does by then.
func (s *stage) passMemoryAfter(after time.Duration) {
	ctx := s.Context()
	timer := time.AfterFunc(after, func() {
		if err := s.to.OpenPorts(ctx); err != nil && ctx.Err() == nil {
			s.Error(err)
		}
	})
	s.Cleanup(func() { timer.Stop() })
}

// impatientTCP makes both hosts give a connection up after some 13 seconds.
func (s *stage) impatientTCP() { s.Helper(); s.retransmit(5) }

// retransmit makes both hosts give a connection up after they have sent something so often in vain, until the test ends:
// Linux does after 15 times, and about 15 minutes.
func (s *stage) retransmit(times int) {
	s.Helper()
	set := func(ctx context.Context, times int) error {
		var failed error
		for _, host := range []*lab.Host{s.from, s.to} {
			failed = errors.Join(failed, host.Command(ctx, "sysctl", "-w", fmt.Sprint("net.ipv4.tcp_retries2=", times)).Run())
		}
		return failed
	}
	s.must(set(s.Context(), times))
	s.Cleanup(func() {
		if err := set(context.WithoutCancel(s.Context()), 15); err != nil {
			s.Error(err)
		}
	})
}
