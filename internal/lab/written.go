package lab

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
)

// sectorSize is that of the guest's disk, in bytes.
const sectorSize = 512

// sectors is how many sectors the guest's first disk has.
func (s GuestSpec) sectors() int {
	for _, part := range s.Parts {
		if disk, ok := part.(Disk); ok {
			return disk.MiB << 20 / sectorSize
		}
	}
	return 0
}

// Writes is how many sectors of its disk the guest has reported as written.
func (p *Pulse) Writes() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.written)
}

// Unwritten compares the guest's first disk, as a host has it, with what the guest has reported as written before the
// call: each sector must be there as it was written, or as it was written later. It returns what is not so, and how
// many sectors were compared. It works while QEMU has the disk open.
func (g *Guest) Unwritten(ctx context.Context, host *Host) (problems []string, compared int, err error) {
	g.mutex.Lock()
	written := maps.Clone(g.written)
	g.mutex.Unlock()
	disk := g.Disks()[0]
	raw := filepath.Join(host.Directory, g.UUID+".raw")
	defer os.Remove(raw)
	err = run(ctx, "qemu-img", "convert", "-U", "-f", disk.Format, "-O", "raw", host.File(disk.Path), raw)
	if err != nil {
		return nil, 0, err
	}
	content, err := os.ReadFile(raw)
	if err != nil {
		return nil, 0, err
	}
	for sector, sequence := range written {
		if problem := unwritten(content[sector*sectorSize:][:sectorSize], sector, sequence); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems, len(written), nil
}

// unwritten says what is wrong with a sector that was written last with a sequence number, or later.
func unwritten(content []byte, sector, sequence uint64) string {
	const sum = sectorSize - 4
	there, number := binary.LittleEndian.Uint64(content), binary.LittleEndian.Uint64(content[8:])
	switch {
	case binary.LittleEndian.Uint32(content[sum:]) != crc32.ChecksumIEEE(content[:sum]):
		return fmt.Sprintf("sector %d was written with %d, and has a wrong checksum", sector, sequence)
	case number != sector:
		return fmt.Sprintf("sector %d was written with %d, and has what is of sector %d", sector, sequence, number)
	case there < sequence:
		return fmt.Sprintf("sector %d was written with %d, and has %d", sector, sequence, there)
	}
	return ""
}
