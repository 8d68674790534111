//go:build linux

package main

import (
	"bytes"
	"compress/flate"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadIsReadFromTheKernelCommandLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		line string
		want load
		bad  bool
	}{
		"nothing":    {line: "console=ttyS0 quiet\n"},
		"by cost":    {line: "console=ttyS0 lab.hot=8192 lab.cost=27000", want: load{hotBytes: 8192, cost: 27000}},
		"by rate":    {line: "lab.hot=4096 lab.ceiling=2 lab.mean=1048576 lab.pattern=page quiet\n", want: load{hotBytes: 4096, ceiling: 2, mean: 1 << 20, wholePages: true}},
		"restless":   {line: "lab.hot=8192 lab.rest=4096 lab.work-for=20 lab.rest-for=10", want: load{hotBytes: 8192, rest: rest{4096, 20, 10}}},
		"asleep":     {line: "lab.sleep=3000", want: load{sleepAfter: 3000}},
		"obeys":      {line: "lab.obeys=1", want: load{obeys: true}},
		"no number":  {line: "lab.hot=much", bad: true},
		"misspelled": {line: "lab.hott=1", bad: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseLoad(test.line)
			if test.bad {
				if err == nil {
					t.Fatalf("%q was taken for %+v", test.line, got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got.random = 0
			if diff := cmp.Diff(&test.want, got, cmp.AllowUnexported(load{}, rest{}, writer{})); diff != "" {
				t.Errorf("load (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRestIsTakenInTurn(t *testing.T) {
	t.Parallel()
	r := rest{bytes: 10, workFor: 20, restFor: 5}
	for after, want := range map[int64]int{0: 100, 19: 100, 20: 10, 24: 10, 25: 100, 45: 10} {
		if got := r.extent(100, after); got != want {
			t.Errorf("after %d it touches %d, want %d", after, got, want)
		}
	}
	if got := (rest{}).extent(100, 50); got != 100 {
		t.Errorf("without a rest it touches %d", got)
	}
}

func TestFilledMemoryDoesNotCompress(t *testing.T) {
	t.Parallel()
	l, err := parseLoad("")
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]byte, 16*pageSize)
	l.fill(memory)
	var packed bytes.Buffer
	writer, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(memory); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() < len(memory) {
		t.Errorf("%d bytes pack to %d", len(memory), packed.Len())
	}
}

func TestTouchChangesOneByteOfEachPage(t *testing.T) {
	t.Parallel()
	memory := make([]byte, 3*pageSize)
	touchBytes(memory)
	if changed := len(memory) - bytes.Count(memory, []byte{0}); changed != 3 || memory[pageSize] != 1 {
		t.Errorf("%d bytes changed, want the first of each of 3 pages", changed)
	}
}
