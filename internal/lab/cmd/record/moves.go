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
	recordings.Independent: {36, 18, 9},
}

// timeout is short, so that a move that does not end is recorded soon. It is over before stall_timeout is, so that no
// verdict is one of chance.
const timeout = 30 * time.Second

// moves are those of each guest of a set: over three links, with switches on and off. Those of an independent set are
// fewer, so that all of them are made in a quarter of an hour.
func moves(set string) []kind {
	throttled := policy.Policy{
		AutoConverge: new(true), AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20)),
	}
	compressed := policy.Policy{Compression: new(true)}
	both := throttled
	both.Compression = compressed.Compression
	off := kind{"off", policy.Policy{}}
	autoConverge, compression := kind{"auto_converge", throttled}, kind{"compression", compressed}
	bothOn := kind{"both", both}
	pause := kind{"pause", policy.Policy{OnTimeout: new(policy.Pause)}}
	postCopy := kind{"post_copy", policy.Policy{PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)}}
	all := []kind{off, autoConverge, compression, bothOn, pause, postCopy}
	switches := [][]kind{all, all, all} // by link
	if set == recordings.Independent {
		switches = [][]kind{
			{off, autoConverge, compression, bothOn},
			{off, autoConverge, compression, bothOn},
			{off, autoConverge, bothOn, pause},
		}
	}
	var moves []kind
	for i, link := range links[set] {
		for _, s := range switches[i] {
			s.policy.BandwidthMiBPerSecond, s.policy.Timeout = new(link), new(timeout)
			moves = append(moves, kind{fmt.Sprintf("%d %s", link, s.name), s.policy})
		}
	}
	return moves
}
