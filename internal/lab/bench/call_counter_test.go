package bench

import (
	"encoding/binary"
	"testing"
)

// frame is a frame of libvirt's protocol with a payload of so many bytes.
func frame(program, procedure, kind uint32, payload int) []byte {
	encoded := make([]byte, headerSize+payload)
	for number, value := range map[int]uint32{
		lengthWord: uint32(len(encoded)), programWord: program, procedureWord: procedure, kindWord: kind,
	} {
		binary.BigEndian.PutUint32(encoded[4*number:], value)
	}
	return encoded
}

func TestCounterCountsCallsHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	const remote, message = 0x20008086, 2
	var sent []byte
	for _, f := range [][]byte{
		frame(remote, abortJob, kindCall, 0), frame(keepalive, 1, message, 0), frame(remote, 7, kindCall, 300),
		frame(remote, 7, message, 12), frame(remote, 7, kindCall, 1),
	} {
		sent = append(sent, f...)
	}
	for _, size := range []int{1, 3, headerSize, headerSize + 1, 100, len(sent)} {
		var counter callCounter
		came := counter.await(abortJob)
		client := &stream{counter: &counter}
		for rest := sent; len(rest) > 0; {
			part := rest[:min(size, len(rest))]
			if n, err := client.Write(part); n != len(part) || err != nil {
				t.Fatalf("Write: %d, %v", n, err)
			}
			rest = rest[len(part):]
		}
		calls, byProcedure := counter.take()
		if calls != 3 || byProcedure[7] != 2 || byProcedure[abortJob] != 1 {
			t.Errorf("in parts of %d bytes: %d calls, %v", size, calls, byProcedure)
		}
		select {
		case <-came:
		default:
			t.Errorf("in parts of %d bytes: the awaited call was not seen", size)
		}
		if again, _ := counter.take(); again != 0 {
			t.Errorf("taken calls are counted again: %d", again)
		}
	}
}
