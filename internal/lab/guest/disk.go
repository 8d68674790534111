//go:build linux && amd64

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"syscall"
)

// The first disk of the first IDE controller, by programmed input and output: the guest's kernel has drivers for disks
// only in modules, and this needs none.
const (
	ideData    = 0x1f0
	ideSectors = 0x1f2
	ideLBA     = 0x1f3 // and the two ports after it
	ideDrive   = 0x1f6
	ideCommand = 0x1f7 // its status when read

	ideWrite = 0x30
	ideRead  = 0x20
	ideFlush = 0xe7

	ideBusy  = 0x80
	ideReady = 0x08 // data is expected
	ideFault = 0x21

	sectorSize = 512
)

// writer is what the guest does to its disk: for ever it writes a sector, waits until that is on the disk, says so, and
// reads an earlier one, which must be as it was written, or as it was written later:
//
//	wrote SEQUENCE SECTOR
//
// A sector holds its sequence number, its own number, what follows from the two, and a checksum (see fillSector).
type writer struct {
	sectors uint64
	pause   int64 // nanoseconds between two writes
}

// run writes for ever. It returns what goes wrong.
func (w writer) run() error {
	runtime.LockOSThread()
	if _, _, e := syscall.RawSyscall(syscall.SYS_IOPERM, ideData, 8, 1); e != 0 {
		return fmt.Errorf("ioperm: %w", e)
	}
	sector, line := make([]byte, sectorSize), make([]byte, 0, 80)
	due := monotonic()
	for sequence := uint64(1); ; sequence++ {
		number := sectorOf(sequence, w.sectors)
		fillSector(sector, sequence, number)
		if err := writeSector(number, sector); err != nil {
			return fmt.Errorf("write sector %d: %w", number, err)
		}
		line = fmt.Appendf(line[:0], "wrote %d %d\n", sequence, number)
		_, _ = syscall.Write(1, line)
		if err := w.verify(earlier(sequence), sequence, sector); err != nil {
			return err
		}
		due = max(due+w.pause, monotonic())
		sleepUntil(due)
	}
}

// sectorOf is where a write goes: all over the disk, and often to the same places again.
func sectorOf(sequence, sectors uint64) uint64 {
	if sequence%4 == 0 {
		return sequence / 4 % 64
	}
	return sequence * 2654435761 % sectors
}

// earlier is one of the writes up to a sequence number, now this, now that.
func earlier(sequence uint64) uint64 { return 1 + sequence*0x9E3779B97F4A7C15>>20%sequence }

// verify reads the sector of an earlier write into the buffer.
func (w writer) verify(earlier, latest uint64, sector []byte) error {
	number := sectorOf(earlier, w.sectors)
	if err := readSector(number, sector); err != nil {
		return fmt.Errorf("read sector %d: %w", number, err)
	}
	return checkSector(sector, number, earlier, latest)
}

// checkSector wants a sector to be as it was written with one of the sequence numbers from first to last.
func checkSector(sector []byte, number, first, last uint64) error {
	there, its := binary.LittleEndian.Uint64(sector), binary.LittleEndian.Uint64(sector[8:])
	intact := binary.LittleEndian.Uint32(sector[sectorSize-4:]) == crc32.ChecksumIEEE(sector[:sectorSize-4])
	if !intact || its != number || there < first || there > last {
		return fmt.Errorf("sector %d was written with %d, and reads as that of %d with %d, intact %t", number, first, its,
			there, intact)
	}
	return nil
}

// fillSector makes the content of a sector.
func fillSector(sector []byte, sequence, number uint64) {
	binary.LittleEndian.PutUint64(sector, sequence)
	binary.LittleEndian.PutUint64(sector[8:], number)
	state := sequence*0x9E3779B97F4A7C15 ^ number
	for at := 16; at < sectorSize-4; at += 4 {
		state = state*6364136223846793005 + 1442695040888963407
		binary.LittleEndian.PutUint32(sector[at:], uint32(state>>32))
	}
	binary.LittleEndian.PutUint32(sector[sectorSize-4:], crc32.ChecksumIEEE(sector[:sectorSize-4]))
}

// writeSector writes a sector and flushes the disk's cache.
func writeSector(number uint64, sector []byte) error {
	if err := command(number, ideWrite); err != nil {
		return err
	}
	if err := idle(ideReady); err != nil {
		return err
	}
	for at := 0; at < sectorSize; at += 2 {
		out16(ideData, binary.LittleEndian.Uint16(sector[at:]))
	}
	if err := idle(0); err != nil {
		return err
	}
	out8(ideCommand, ideFlush)
	return idle(0)
}

// readSector reads a sector.
func readSector(number uint64, sector []byte) error {
	if err := command(number, ideRead); err != nil {
		return err
	}
	if err := idle(ideReady); err != nil {
		return err
	}
	for at := 0; at < sectorSize; at += 2 {
		binary.LittleEndian.PutUint16(sector[at:], in16(ideData))
	}
	return nil
}

func command(number uint64, what uint8) error {
	if err := idle(0); err != nil {
		return err
	}
	out8(ideDrive, 0xe0|uint8(number>>24)&0x0f)
	out8(ideSectors, 1)
	for i := range uint16(3) {
		out8(ideLBA+i, uint8(number>>(8*i)))
	}
	out8(ideCommand, what)
	return nil
}

// idle waits until the disk has done what it was told, and is in a state.
func idle(state uint8) error {
	for {
		status := in8(ideCommand)
		switch {
		case status == 0xff:
			return errors.New("there is no disk")
		case status&ideBusy != 0:
		case status&ideFault != 0:
			return fmt.Errorf("the disk's status is %#x", status)
		case status&state == state:
			return nil
		}
		sleepUntil(monotonic() + 50_000)
	}
}
