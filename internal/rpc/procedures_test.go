package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// methodOf makes a call, with arguments that mean nothing, and returns its error.
func methodOf(procedure uint32) func(*libvirt.Libvirt) error {
	method := reflect.ValueOf(procedures[procedure])
	return func(lv *libvirt.Libvirt) error {
		arguments := []reflect.Value{reflect.ValueOf(lv)}
		for i := 1; i < method.Type().NumIn(); i++ {
			arguments = append(arguments, reflect.Zero(method.Type().In(i)))
		}
		results := method.Call(arguments)
		err, _ := results[len(results)-1].Interface().(error)
		return err
	}
}

// A reply that holds what it should is decoded, and one that lacks its last byte
// never reaches the library. That holds for every call, which also shows that it
// is made by the number it is known by.
func TestRepliesAreCheckedWhole(t *testing.T) {
	t.Parallel()
	for procedure, method := range procedures {
		random := rand.New(rand.NewPCG(1, uint64(procedure)))
		for range 20 {
			whole := randomReply(random, reflect.TypeOf(method))
			if err := callAnswered(t, procedure, statusOK, whole); err != nil {
				t.Fatalf("procedure %d: %v", procedure, err)
			}
			if len(whole) == 0 {
				continue
			}
			var protocol *ProtocolError
			if err := callAnswered(t, procedure, statusOK, whole[:random.IntN(len(whole))]); !errors.As(err, &protocol) {
				t.Errorf("procedure %d, cut: got %v, want a protocol error", procedure, err)
			}
		}
	}
}

// callAnswered makes a call that is answered so, on a connection of its own.
func callAnswered(t *testing.T, procedure, status uint32, payload []byte) error {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		answerCalls(far, procedure, status, payload)
	}()
	defer func() {
		_ = far.Close()
		<-ended
	}()
	c, err := Open(t.Context(), near, "qemu:///system", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.guard.kill()
		c.running.Wait()
		<-c.guard.drained
	}()
	return c.Call(t.Context(), 5*time.Second, Quick, methodOf(procedure))
}

// answerCalls answers the calls that open a connection as they should be, and
// what comes then as it is told.
func answerCalls(c net.Conn, procedure, status uint32, said []byte) {
	for n := 0; ; n++ {
		var raw [headerSize]byte
		if _, err := io.ReadFull(c, raw[:]); err != nil {
			return
		}
		call := parseHeader(&raw)
		if _, err := io.CopyN(io.Discard, c, int64(call.length)-headerSize); err != nil {
			return
		}
		answer := header{program: programRemote, version: protocolVersion, procedure: call.procedure, kind: typeReply, serial: call.serial}
		payload := rpctest.Payload(call.procedure)
		if n == 2 { // after AuthList and ConnectOpen
			answer.procedure, answer.status, payload = procedure, status, said
		}
		if _, err := io.WriteString(c, frame(answer, string(payload))); err != nil {
			return
		}
	}
}

func randomReply(random *rand.Rand, method reflect.Type) []byte {
	var b []byte
	for i := range method.NumOut() - 1 {
		b = appendRandom(b, random, method.Out(i))
	}
	return b
}

// appendRandom encodes a value of a type in XDR.
func appendRandom(b []byte, random *rand.Rand, t reflect.Type) []byte {
	if t == reflect.TypeFor[libvirt.TypedParam]() {
		b = appendText(b, "name")
		kind := 1 + random.Uint32N(7)
		values := map[uint32]reflect.Type{3: reflect.TypeFor[int64](), 4: reflect.TypeFor[int64](), 5: reflect.TypeFor[int64](), 7: reflect.TypeFor[string]()}
		value, ok := values[kind]
		if !ok {
			value = reflect.TypeFor[int32]()
		}
		return appendRandom(appendWord(b, kind), random, value)
	}
	switch t.Kind() {
	case reflect.Int8:
		return appendWord(b, random.Uint32N(128))
	case reflect.Uint8, reflect.Uint16, reflect.Int32, reflect.Uint32:
		return appendWord(b, random.Uint32N(256))
	case reflect.Int64, reflect.Uint64:
		return binary.BigEndian.AppendUint64(b, random.Uint64())
	case reflect.String:
		return appendText(b, strings.Repeat("x", random.IntN(40)))
	case reflect.Array:
		return append(b, make([]byte, t.Len())...)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return appendText(b, "bytes")
		}
		n := random.IntN(5)
		b = appendWord(b, uint32(n))
		for range n {
			b = appendRandom(b, random, t.Elem())
		}
	case reflect.Struct:
		for f := range t.Fields() {
			b = appendRandom(b, random, f.Type)
		}
	default:
		panic("no such results: " + t.String())
	}
	return b
}

// Counts that no reply can hold cost nothing.
func TestRepliesThatClaimMoreThanTheyHold(t *testing.T) {
	const many = 1<<31 - 1
	statistic := append(appendText(nil, "free"), make([]byte, 8)...)
	tests := map[string]struct {
		procedure, status uint32
		payload           []byte
	}{
		"list of statistics":              {rpctest.ProcMemoryStats, statusOK, appendWord(nil, many)},
		"list that has two of them":       {rpctest.ProcMemoryStats, statusOK, append(appendWord(nil, many), slices.Repeat(statistic, 2)...)},
		"list that has all but one":       {rpctest.ProcMemoryStats, statusOK, append(appendWord(nil, 3), slices.Repeat(statistic, 2)...)},
		"length of a name":                {rpctest.ProcMemoryStats, statusOK, appendWord(appendWord(nil, 1), many)},
		"parameters":                      {rpctest.ProcJobStats, statusOK, appendWord(appendWord(nil, 1), many)},
		"name of a parameter":             {rpctest.ProcJobStats, statusOK, appendWord(appendWord(appendWord(nil, 1), 1), many)},
		"text of a parameter":             {rpctest.ProcJobStats, statusOK, appendWord(appendWord(appendText(appendWord(appendWord(nil, 1), 1), "x"), 7), many)},
		"parameter of an unknown type":    {rpctest.ProcJobStats, statusOK, appendWord(appendWord(appendText(appendWord(appendWord(nil, 1), 1), "x"), 8), 0)},
		"definition":                      {rpctest.ProcXMLDesc, statusOK, appendWord(nil, many)},
		"cookie":                          {rpctest.ProcPerform, statusOK, appendWord(nil, many)},
		"list after a cookie":             {rpctest.ProcPrepare, statusOK, appendWord(appendText(nil, "cookie"), many)},
		"error message":                   {rpctest.ProcMemoryStats, statusError, appendWord(rpctest.Words(1, 10, 1), many)},
		"result that calls itself error":  {rpctest.ProcJobStats, statusError, rpctest.Words(0, many, 1, 0, 0)},
		"error that holds nothing at all": {rpctest.ProcMemoryStats, statusError, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := allocatedSoFar()
			err := callAnswered(t, test.procedure, test.status, test.payload)
			used := allocatedSoFar() - before
			var protocol *ProtocolError
			if !errors.As(err, &protocol) || !strings.Contains(err.Error(), "truncated reply") {
				t.Errorf("got %v, want a protocol error", err)
			}
			if used > smallChange {
				t.Errorf("%d bytes were allocated for a reply of %d", used, len(test.payload))
			}
		})
	}
}

// A frame that claims to be as large as can be, of which nothing follows, costs
// nothing.
func TestFrameIsNotBelievedBeforeItsBytesCome(t *testing.T) {
	h := header{length: maxFrame, program: programRemote, version: protocolVersion, procedure: rpctest.ProcAbortJob, kind: typeReply, serial: 1}
	before := allocatedSoFar()
	g := newFrameGuard(silent{bytes.NewReader(h.encode())})
	g.settle()
	expect(t, g, 1)
	if n, _ := g.Read(make([]byte, 1)); n > 0 {
		t.Error("something was passed on")
	}
	if used := allocatedSoFar() - before; used > smallChange {
		t.Errorf("%d bytes were allocated", used)
	}
}

// FuzzReply answers a call with anything, and looks what becomes of it in the
// library: never a panic, and never more memory than the reply accounts for.
func FuzzReply(f *testing.F) {
	for procedure, method := range procedures {
		random := rand.New(rand.NewPCG(2, uint64(procedure)))
		f.Add(procedure, uint32(statusOK), randomReply(random, reflect.TypeOf(method)))
	}
	f.Add(uint32(rpctest.ProcMemoryStats), uint32(statusOK), rpctest.Words(1<<31-1))
	f.Add(uint32(rpctest.ProcJobStats), uint32(statusError), appendText(rpctest.Words(42, 10, 1), "Domain not found"))
	f.Add(uint32(rpctest.ProcJobStats), uint32(statusError), rpctest.Words(0, 1<<30, 1, 0, 0))
	f.Fuzz(func(t *testing.T, procedure, status uint32, payload []byte) {
		if _, ours := procedures[procedure]; !ours || len(payload) > 1<<20 {
			t.Skip()
		}
		before := allocatedSoFar()
		err := callAnswered(t, procedure, status, payload)
		if used, limit := allocatedSoFar()-before, smallChange+uint64(len(payload))*decodingCost; used > limit {
			t.Errorf("%d bytes were allocated for a reply of %d", used, len(payload))
		}
		if err != nil && strings.Contains(err.Error(), "panic") {
			t.Error(err)
		}
	})
}

const (
	// smallChange is what making a connection and a call costs, with some of what
	// the test itself does meanwhile.
	smallChange = 1 << 20
	// decodingCost is what the library allocates, in all, to decode a byte.
	decodingCost = 64
)

func allocatedSoFar() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// BenchmarkLargeReply is the statistics of a job, with more than any libvirt has.
func BenchmarkLargeReply(b *testing.B) {
	const count = 100
	said := rpctest.Words(uint32(libvirt.DomainJobUnbounded), count)
	for range count {
		said = append(appendWord(appendText(said, libvirt.DomainJobMemoryDirtyRate), 4), make([]byte, 8)...)
	}
	benchmarkReply(b, rpctest.ProcJobStats, said, jobStats)
}

// BenchmarkSmallReply is the least that a call costs.
func BenchmarkSmallReply(b *testing.B) {
	benchmarkReply(b, rpctest.ProcLibVersion, make([]byte, 8), version)
}

func benchmarkReply(b *testing.B, procedure uint32, said []byte, call func(*libvirt.Libvirt) error) {
	b.Helper()
	l, err := net.Listen("unix", filepath.Join(b.TempDir(), "socket"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		answerCalls(peer, procedure, statusOK, said)
	}()
	c, err := Open(b.Context(), near, "qemu:///system", 5*time.Second)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(said)))
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Call(b.Context(), time.Minute, Quick, call); err != nil {
			b.Fatal(err)
		}
	}
	_ = c.Close(b.Context(), time.Second)
	_ = peer.Close()
	<-ended
}
