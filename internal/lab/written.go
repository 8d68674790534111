package lab

import (
	"bytes"
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

// Unwritten compares the guest's disks, as a host has them, with what must be on them: of the first one each sector
// that the guest has reported as written before the call must be there as it was written, or as it was written later;
// all others must be as they were at first, or as the guest has written them since. It returns what is not so, and how
// many of the sectors the guest has reported. It works while QEMU has the disks open.
func (g *Guest) Unwritten(ctx context.Context, host *Host) (problems []string, compared int, err error) {
	g.mutex.Lock()
	written := maps.Clone(g.written)
	g.mutex.Unlock()
	for i, disk := range g.Disks() {
		content, err := g.content(ctx, host, disk)
		if err != nil {
			return nil, 0, err
		}
		if i > 0 {
			written = nil
		}
		for _, problem := range damaged(content, disk.filling(), written) {
			problems = append(problems, fmt.Sprintf("%s: %s", disk.Target, problem))
		}
		compared += len(written)
	}
	return problems, compared, nil
}

// content is what the guest sees of a disk that a host has.
func (g *Guest) content(ctx context.Context, host *Host, d Disk) ([]byte, error) {
	raw := filepath.Join(host.Directory, g.UUID+".raw")
	defer os.Remove(raw)
	if err := run(ctx, "qemu-img", "convert", "-U", "-f", d.Format, "-O", "raw", host.Inside(d.Path), raw); err != nil {
		return nil, err
	}
	return os.ReadFile(raw)
}

// damaged says what is wrong with a disk that had other content at first, and of which sectors were written last with
// sequence numbers, or later.
func damaged(content, first []byte, written map[uint64]uint64) (problems []string) {
	if len(content) != len(first) {
		return []string{fmt.Sprintf("it has %d bytes, and had %d", len(content), len(first))}
	}
	for at := 0; at < len(content); at += sectorSize {
		sector := uint64(at / sectorSize)
		sequence, reported := written[sector]
		if !reported && bytes.Equal(content[at:][:sectorSize], first[at:][:sectorSize]) {
			continue
		}
		if written == nil {
			problems = append(problems, fmt.Sprintf("sector %d was never written, and is not what it was", sector))
			continue
		}
		if problem := unwritten(content[at:][:sectorSize], sector, sequence); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
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
