//go:build linux && amd64

package main

import "testing"

func TestCheckSector(t *testing.T) {
	t.Parallel()
	written := make([]byte, sectorSize)
	fillSector(written, 7, 3)
	torn := append([]byte(nil), written...)
	torn[100]++
	for name, test := range map[string]struct {
		sector              []byte
		number, first, last uint64
		good                bool
	}{
		"as it was written":      {written, 3, 7, 7, true},
		"written again":          {written, 3, 5, 9, true},
		"an older write":         {written, 3, 8, 9, false},
		"written in the future":  {written, 3, 5, 6, false},
		"written somewhere else": {written, 4, 7, 7, false},
		"written in part":        {torn, 3, 7, 7, false},
		"never written":          {make([]byte, sectorSize), 3, 7, 7, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := checkSector(test.sector, test.number, test.first, test.last); (err == nil) != test.good {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEarlier(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for sequence := uint64(1); sequence <= 1000; sequence++ {
		e := earlier(sequence)
		if e < 1 || e > sequence {
			t.Fatalf("earlier than %d is %d", sequence, e)
		}
		seen[e] = true
	}
	if len(seen) < 300 {
		t.Errorf("only %d writes are ever read again", len(seen))
	}
}
