package lab

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// sector is one as the guest writes it.
func sector(sequence, number uint64) []byte {
	content := make([]byte, sectorSize)
	binary.LittleEndian.PutUint64(content, sequence)
	binary.LittleEndian.PutUint64(content[8:], number)
	binary.LittleEndian.PutUint32(content[sectorSize-4:], crc32.ChecksumIEEE(content[:sectorSize-4]))
	return content
}

func TestUnwritten(t *testing.T) {
	t.Parallel()
	torn := sector(7, 3)
	torn[100]++
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"as it was written":      {sector(7, 3), ""},
		"written again":          {sector(8, 3), ""},
		"an older write":         {sector(6, 3), "has 6"},
		"never written":          {make([]byte, sectorSize), "wrong checksum"},
		"written in part":        {torn, "wrong checksum"},
		"written somewhere else": {sector(7, 4), "of sector 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := unwritten(test.content, 3, 7); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	first := Disk{MiB: 1, Filled: true}.filling()
	disk := func(sectors ...[]byte) []byte {
		content := slices.Clone(first)
		for i, s := range sectors {
			copy(content[(3+i)*sectorSize:], s)
		}
		return content
	}
	reported := map[uint64]uint64{3: 7}
	for name, test := range map[string]struct {
		content []byte
		written map[uint64]uint64
		want    string
	}{
		"as it was written":                    {disk(sector(7, 3)), reported, ""},
		"written, and not reported yet":        {disk(sector(7, 3), sector(8, 4)), reported, ""},
		"as it was before the write":           {disk(), reported, "wrong checksum"},
		"another sector, with something else":  {disk(sector(7, 3), make([]byte, sectorSize)), reported, "sector 4 "},
		"shorter":                              {first[sectorSize:], reported, "bytes"},
		"a disk that is not written to":        {first, nil, ""},
		"a disk that should not be written to": {disk(sector(7, 3)), nil, "sector 3 was never written"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(damaged(test.content, first, test.written), "; ")
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
