package lab

import (
	"encoding/binary"
	"testing"
)

// frame is a frame of libvirt's protocol with a payload of so many bytes.
func frame(program, procedure, kind uint32, payload int) []byte {
	encoded := make([]byte, callHeaderSize+payload)
	for number, value := range map[int]uint32{
		lengthWord: uint32(len(encoded)), programWord: program, procedureWord: procedure, kindWord: kind,
	} {
		binary.BigEndian.PutUint32(encoded[4*number:], value)
	}
	return encoded
}

func TestCounterCountsCallsHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	const remote, message, procedure = 0x20008086, 2, 164
	var sent []byte
	for _, f := range [][]byte{
		frame(remote, procedure, kindCall, 0), frame(keepalive, 1, message, 0), frame(remote, 7, kindCall, 300),
		frame(remote, 7, message, 12), frame(remote, 7, kindCall, 1),
	} {
		sent = append(sent, f...)
	}
	for _, size := range []int{1, 3, callHeaderSize, callHeaderSize + 1, 100, len(sent)} {
		var counter CallCounter
		came := counter.Await(procedure)
		client := &callStream{counter: &counter}
		for rest := sent; len(rest) > 0; {
			part := rest[:min(size, len(rest))]
			if n, err := client.Write(part); n != len(part) || err != nil {
				t.Fatalf("Write: %d, %v", n, err)
			}
			rest = rest[len(part):]
		}
		calls, byProcedure := counter.Take()
		if calls != 3 || byProcedure[7] != 2 || byProcedure[procedure] != 1 {
			t.Errorf("in parts of %d bytes: %d calls, %v", size, calls, byProcedure)
		}
		select {
		case <-came:
		default:
			t.Errorf("in parts of %d bytes: the awaited call was not seen", size)
		}
		if again, _ := counter.Take(); again != 0 {
			t.Errorf("taken calls are counted again: %d", again)
		}
	}
}

func TestCounterLeavesOutCallsAboutHosts(t *testing.T) {
	t.Parallel()
	const remote, hostname, lookUp = 0x20008086, 59, 24
	var counter CallCounter
	client := &callStream{counter: &counter}
	for _, procedure := range []uint32{hostname, lookUp, hostname, lookUp, lookUp} {
		if _, err := client.Write(frame(remote, procedure, kindCall, 8)); err != nil {
			t.Fatal(err)
		}
	}
	if calls := counter.TakeAboutVMs(); calls != 3 {
		t.Errorf("%d calls about VMs, want 3", calls)
	}
}
