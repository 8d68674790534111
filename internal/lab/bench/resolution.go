package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// resolution is reading the records of a fleet from their texts, and resolving its policies, without any host.
type resolution struct{}

func (resolution) Name() string { return "resolution" }
func (resolution) Hosts() int   { return 1 }

// resolvesWithin, in seconds, is what resolving the policy of one VM may take.
const resolvesWithin = 1e-6

// record is one as VMs have it.
const record = `{"version":1,"owner":"6d696772-6174-4e00-8000-676c6f62616c","auto_converge":true,` +
	`"auto_converge_initial":30,"compression":true,"compression_cache_mib":256,"max_downtime_ms":500,"timeout":"1h"}`

func (resolution) Measure(_ context.Context, b *Bench) ([]Figure, error) {
	vms := 10 * b.VMs
	cluster := policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(300))}
	global := policy.Policy{AutoConverge: new(false), Compression: new(false), Timeout: new(time.Hour)}
	var resolved, limits, decoded, parsed []float64
	for range b.Rounds {
		read := make([]policy.Record, vms)
		took, err := timeOf(vms, func(i int) (err error) {
			read[i], err = policy.DecodeRecord([]byte(record))
			return err
		})
		if err != nil {
			return nil, err
		}
		decoded = append(decoded, took)
		took, err = timeOf(vms, func(int) error {
			var members map[string]any
			return json.Unmarshal([]byte(record), &members)
		})
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, took)
		took, _ = timeOf(vms, func(i int) error {
			policy.Resolve(policy.Levels{VM: read[i].Policy, Cluster: cluster, Global: global})
			return nil
		})
		resolved, limits = append(resolved, took), append(limits, resolvesWithin*float64(vms))
	}
	return []Figure{
		pairs(fmt.Sprintf("resolving %d policies", vms), "the limit", "s", resolved, limits, 1),
		pairs(fmt.Sprintf("decoding %d records", vms), "encoding/json into a map", "s", decoded, parsed, 0),
	}, nil
}

// timeOf returns the seconds that count calls take.
func timeOf(count int, call func(i int) error) (float64, error) {
	started := time.Now()
	for i := range count {
		if err := call(i); err != nil {
			return 0, err
		}
	}
	return time.Since(started).Seconds(), nil
}
