package main

import (
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// kind is the policy of a recorded move.
type kind struct {
	name   string
	policy policy.Policy
}

// links are the limits of the bandwidth, in MiB/s, in the order in which each guest is moved over them.
var links = map[string][]int64{
	recordings.Development: {32, 8, 16},
	recordings.Independent: {40, 20, 10},
}

// timeout is short, so that a move that does not end is recorded soon. It is over before stall_timeout is, so that no
// verdict is one of chance.
const timeout = 30 * time.Second

// moves are those of each guest of a set: over three links, with switches on and off.
func moves(set string) []kind {
	throttled := policy.Policy{
		AutoConverge: new(true), AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20)),
	}
	compressed := policy.Policy{Compression: new(true)}
	both := throttled
	both.Compression = compressed.Compression
	switches := []kind{{"off", policy.Policy{}}, {"auto_converge", throttled}, {"compression", compressed}, {"both", both}}
	if set == recordings.Development {
		switches = append(switches, kind{"pause", policy.Policy{OnTimeout: new(policy.Pause)}},
			kind{"post_copy", policy.Policy{PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)}})
	}
	var moves []kind
	for _, link := range links[set] {
		for _, s := range switches {
			s.policy.BandwidthMiBPerSecond, s.policy.Timeout = new(link), new(timeout)
			moves = append(moves, kind{fmt.Sprintf("%d %s", link, s.name), s.policy})
		}
	}
	return moves
}
