package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCensusCountsWhatWasThereTogether(t *testing.T) {
	t.Parallel()
	on := func(uuid string, pid int, host string) Process { return Process{PID: pid, Host: host, UUID: uuid} }
	a1, a2, b1, b2 := on("a", 1, "kvm1"), on("a", 2, "kvm2"), on("b", 3, "kvm1"), on("b", 4, "kvm2")
	for name, test := range map[string]struct {
		looks [][]Process
		want  map[string]Peak
	}{
		"nothing":           {[][]Process{{}, {}}, map[string]Peak{}},
		"seen once":         {[][]Process{{a1}, {}}, map[string]Peak{}},
		"runs":              {[][]Process{{a1, b1}, {a1, b1}}, map[string]Peak{"kvm1": {MemoryMiB: 3}}},
		"of others":         {[][]Process{{on("c", 5, "kvm1")}, {on("c", 5, "kvm1")}}, map[string]Peak{}},
		"another QEMU":      {[][]Process{{a1}, {on("a", 6, "kvm1")}}, map[string]Peak{}},
		"begins to move":    {[][]Process{{a1}, {a1}, {a1, a2}}, map[string]Peak{"kvm1": {MemoryMiB: 1}}},
		"moves":             {[][]Process{{a1}, {a1}, {a1, a2}, {a1, a2}}, map[string]Peak{"kvm1": {Out: 1, MemoryMiB: 1}, "kvm2": {In: 1, MemoryMiB: 1}}},
		"one after another": {[][]Process{{a1, b1}, {a1, b1}, {a1, a2, b1}, {a1, a2, b1}, {a2, b1, b2}, {a2, b1, b2}}, map[string]Peak{"kvm1": {Out: 1, MemoryMiB: 3}, "kvm2": {In: 1, MemoryMiB: 3}}},
		"both":              {[][]Process{{a1, b1}, {a1, b1}, {a1, a2, b1, b2}, {a1, a2, b1, b2}}, map[string]Peak{"kvm1": {Out: 2, MemoryMiB: 3}, "kvm2": {In: 2, MemoryMiB: 3}}},
		"against each other": {
			[][]Process{{a1, b2}, {a1, b2}, {a1, a2, b1, b2}, {a1, a2, b1, b2}},
			map[string]Peak{"kvm1": {Out: 1, In: 1, MemoryMiB: 3}, "kvm2": {Out: 1, In: 1, MemoryMiB: 3}},
		},
		"back again": {
			[][]Process{{a1}, {a1}, {a1, a2}, {a2}, {a2}, {a2, on("a", 7, "kvm1")}, {a2, on("a", 7, "kvm1")}},
			map[string]Peak{"kvm1": {In: 1, MemoryMiB: 1}, "kvm2": {Out: 1, MemoryMiB: 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCensus([]*Guest{{UUID: "a", Spec: GuestSpec{MemoryMiB: 1}}, {UUID: "b", Spec: GuestSpec{MemoryMiB: 2}}})
			for _, look := range test.looks {
				c.add(look)
			}
			if diff := cmp.Diff(test.want, c.peaks); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
