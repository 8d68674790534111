package lab

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

func TestUnwritten(t *testing.T) {
	t.Parallel()
	sector := func(sequence, number uint64) []byte {
		content := make([]byte, sectorSize)
		binary.LittleEndian.PutUint64(content, sequence)
		binary.LittleEndian.PutUint64(content[8:], number)
		binary.LittleEndian.PutUint32(content[sectorSize-4:], crc32.ChecksumIEEE(content[:sectorSize-4]))
		return content
	}
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
