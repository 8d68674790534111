package budget

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDivide(t *testing.T) {
	t.Parallel()
	ab, ac, cb, cd := flow{source: "a", destination: "b"}, flow{source: "a", destination: "c"},
		flow{source: "c", destination: "b"}, flow{source: "c", destination: "d"}
	with := func(f flow, ceiling, fixed int64) flow {
		f.ceiling, f.fixed = ceiling, fixed
		return f
	}
	for name, test := range map[string]struct {
		budgets map[string]int64
		flows   []flow
		want    []int64
	}{
		"nothing is limited":                     {nil, []flow{ab, with(ab, 7, 0)}, []int64{0, 7}},
		"a link without a budget":                {map[string]int64{"a": 9}, []flow{ab, cd}, []int64{9, 0}},
		"one has all":                            {map[string]int64{"a": 90}, []flow{ab}, []int64{90}},
		"three have a third each":                {map[string]int64{"a": 90}, []flow{ab, ab, ac}, []int64{30, 30, 30}},
		"what is left of wholes is not lost":     {map[string]int64{"a": 92}, []flow{ab, ab, ab}, []int64{31, 31, 30}},
		"the tighter link counts":                {map[string]int64{"a": 90, "b": 20}, []flow{ab, ac}, []int64{20, 70}},
		"leaving and entering are one":           {map[string]int64{"c": 90}, []flow{ac, cb}, []int64{45, 45}},
		"a ceiling leaves the rest to others":    {map[string]int64{"a": 90}, []flow{with(ab, 10, 0), ab, ab}, []int64{10, 40, 40}},
		"a fixed one leaves the rest to others":  {map[string]int64{"a": 90}, []flow{with(ab, 0, 60), ab, ab}, []int64{60, 15, 15}},
		"a fixed one has no ceiling":             {map[string]int64{"a": 90}, []flow{with(ab, 10, 60), ab}, []int64{60, 30}},
		"a fixed one leaves too little":          {map[string]int64{"a": 90}, []flow{with(ab, 0, 90), ab, ab}, []int64{90, 1, 1}},
		"more moves than MiB/s":                  {map[string]int64{"a": 2}, []flow{ab, ab, ab}, []int64{1, 1, 1}},
		"a crossing move is held by both":        {map[string]int64{"a": 60, "b": 40}, []flow{ab, ac, cb}, []int64{20, 40, 20}},
		"a ceiling of which another cannot have": {map[string]int64{"a": 60, "c": 10}, []flow{with(ab, 5, 0), ac, ac}, []int64{5, 5, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, divide(test.budgets, test.flows)); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
		})
	}
}

// world is random budgets, and flows that a fleet of four hosts may have.
func world(r *rand.Rand) (budgets map[string]int64, flows []flow) {
	hosts := []string{"a", "b", "c", "d"}
	budgets = map[string]int64{}
	for _, h := range hosts {
		if r.IntN(4) > 0 {
			budgets[h] = 1 + r.Int64N(200)
		}
	}
	for range 1 + r.IntN(8) {
		r.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
		f := flow{source: hosts[0], destination: hosts[1]}
		switch r.IntN(6) {
		case 0:
			f.ceiling = 1 + r.Int64N(60)
		case 1:
			f.fixed = 1 + r.Int64N(20)
		}
		flows = append(flows, f)
	}
	return budgets, flows
}

// What holds for every division: no budget is exceeded where at least 1 MiB/s is left for each move,
// nobody is above its ceiling, and whoever could have more lacks it on a link that has nothing left,
// where nobody who can be told has 2 MiB/s more than it.
func TestDivide_isFair(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20_000) {
		budgets, flows := world(rand.New(rand.NewPCG(seed, 1)))
		shares := divide(budgets, flows)
		used, fixed, count := map[string]int64{}, map[string]int64{}, map[string]int64{}
		for i, f := range flows {
			for _, link := range []string{f.source, f.destination} {
				used[link] += shares[i]
				if count[link]++; f.fixed > 0 {
					fixed[link] += f.fixed
					count[link]--
				}
			}
		}
		scene := fmt.Sprintf("seed %d: budgets %v, flows %+v: shares %v", seed, budgets, flows, shares)
		for link, budget := range budgets {
			if used[link] > max(budget, fixed[link]+count[link]) {
				t.Fatalf("%s: %d over %s", scene, used[link], link)
			}
		}
		for i, f := range flows {
			limited := budgets[f.source] > 0 || budgets[f.destination] > 0
			switch {
			case f.fixed > 0 || !limited:
				continue
			case shares[i] < leastShare, f.ceiling > 0 && shares[i] > f.ceiling:
				t.Fatalf("%s: flow %d", scene, i)
			case shares[i] == f.ceiling:
				continue
			}
			if !slices.ContainsFunc([]string{f.source, f.destination}, func(link string) bool {
				if budgets[link] == 0 || used[link] < budgets[link] {
					return false
				}
				for j, other := range flows {
					if other.over(link) && other.fixed == 0 && shares[j] > shares[i]+1 {
						return false
					}
				}
				return true
			}) {
				t.Fatalf("%s: flow %d has less than it could", scene, i)
			}
		}
	}
}
