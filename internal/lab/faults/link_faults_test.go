package faults

import (
	"fmt"
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
		want: want{places: []place{onDestination}, codes: []int{0}, within: 60 * time.Second},
	},
	{
		name:   "the link is cut for good",
		always: true,
		at:     []moment{inMiddle},
		strike: (*stage).cut,
		want:   want{places: []place{onSource}, codes: []int{1}, summaries: []string{timedOut}, within: 90 * time.Second},
	},
	{
		name:    "the link is cut in post-copy",
		policy:  afterFiveSeconds,
		arrange: func(s *stage) { s.limit(4); s.impatientTCP() },
		at:      []moment{inPostCopy},
		strike:  (*stage).cut,
		want:    want{places: []place{halved}, codes: []int{1}, summaries: []string{failed}, words: []string{"--postcopy-resume"}, within: 3 * time.Minute},
		excused: "both halves wait for the recovery",
	},
}

// afterFiveSeconds switches to post-copy, which the link must make slow: it knows no limit of the policy.
const afterFiveSeconds = `
    post_copy  = true
    on_timeout = "post_copy"
    timeout    = "5s"`

// impatientTCP makes both hosts give a connection up after seconds: Linux takes about 15 minutes.
func (s *stage) impatientTCP() {
	s.Helper()
	for host, retries := range map[*lab.Host]int{s.from: 5, s.to: 5} {
		s.must(host.Command(s.Context(), "sysctl", "-w", fmt.Sprintf("net.ipv4.tcp_retries2=%d", retries)).Run())
	}
}
