package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestCollectSeldom wants a fleet whose data alone exceed the limit not to be collected all
// the time.
func TestCollectSeldom(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	collectSeldom()
	if limit := debug.SetMemoryLimit(-1); limit != heapLimit {
		t.Errorf("the limit of a small heap is %d", limit)
	}
	live := make([]byte, 2*heapLimit)
	deadline := time.Now().Add(10 * time.Second)
	for debug.SetMemoryLimit(-1) < 2*int64(len(live)) {
		if time.Now().After(deadline) {
			t.Fatalf("with %d bytes in use, the limit is %d", len(live), debug.SetMemoryLimit(-1))
		}
		runtime.GC()
	}
	runtime.KeepAlive(live)
}
