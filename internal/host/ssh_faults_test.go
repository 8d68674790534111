//go:build lab

package host_test

import (
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// Whatever takes the place of libvirt behind SSH is found out as it is anywhere
// else, within its deadline, and leaves nothing behind.
func TestSSHMisbehavingPeers(t *testing.T) {
	l := labHosts(t)[0]
	// A reply to the first call, AuthList, that claims 2^31-1 elements.
	const overstated = `head -c 1 >/dev/null; printf '\000\000\000\040\040\000\200\206\000\000\000\001\000\000\000\102\000\000\000\001\000\000\000\001\000\000\000\000\177\377\377\377'`
	const listen = "\nexec cat >/dev/null\n"
	const options = `[ "$1" = -q ] && exit` + "\n" // the shell that starts netcat asks what it knows
	tests := map[string]struct{ commands, reason string }{
		"never answers":             {listen, "it did not answer within 3"},
		"complains without end":     {"yes >&2\n", "it did not answer within 3"},
		"talks without end":         {"exec yes\n", `the host sent "y"`},
		"zeros without end":         {"exec cat /dev/zero\n", "it is not a libvirt daemon: bad frame length"},
		"garbage":                   {`printf '\001\377\000\377garbage, and more of it than a header'` + listen, "it is not a libvirt daemon: unknown program"},
		"HTTP":                      {`printf 'HTTP/1.1 400 Bad Request\r\n\r\n'` + listen, `the host sent "HTTP/1.1 400 Bad Request"`},
		"a frame of a gigabyte":     {`printf '\100\000\000\000'` + listen, "the host sent"},
		"claims more than it holds": {overstated + listen, "it is not a libvirt daemon: truncated reply"},
		"frame cut in the middle":   {`printf '\000\000\000\040\040\000'`, "the connection was closed before libvirt answered"},
		"frame cut by a failure":    {`printf '\000\000\000\040\040\000'; exit 7`, "the command on the host ended with status 7"},
		"ends at once":              {"exit 0\n", "the connection was closed before libvirt answered"},
	}
	// A deadline is not waited for by every way.
	slow := func(name string) bool { return strings.HasSuffix(tests[name].reason, "within 3") }
	passes := func(name string) host.Deadlines {
		if slow(name) {
			return muteDeadlines
		}
		return host.Deadlines{Open: host.DefaultOpen}
	}
	ways := map[string]func(script string) string{
		"in place of ssh": func(script string) string { return "qemu+ssh://kvm9/system?command=" + url.PathEscape(script) },
		"qemu+ssh":        func(script string) string { return sshURI(l, "qemu+ssh", "", "netcat", script) },
		"qemu+libssh":     func(script string) string { return sshURI(l, "qemu+libssh", "", "netcat", script) },
	}
	for name, test := range tests {
		for way, uri := range ways {
			if slow(name) && way == "qemu+ssh" {
				continue
			}
			t.Run(name+", "+way, func(t *testing.T) {
				program := script(t, options+test.commands)
				goroutines, fds, heap := runtime.NumGoroutine(), descriptors(t), heapSize()
				h := unclosed(t, host.Config{Name: "kvm9", URI: uri(program)}, passes(name))
				started := time.Now()
				err := ping(testContext(t), h)
				took := time.Since(started)
				checkUnreachable(t, err, test.reason)
				if err != nil && !strings.HasPrefix(err.Error(), `host "kvm9": `) {
					t.Errorf("%v does not name the host", err)
				}
				if limit := passes(name).Open + slack; took > limit {
					t.Errorf("took %s, more than %s", took, limit)
				}
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				if now := heapSize(); now > heap+heapLimit {
					t.Errorf("the heap has grown from %d to %d MiB", heap>>20, now>>20)
				}
				nothingLeft(t, goroutines, fds)
			})
		}
	}
	sessions(t, l, 0)
}

// heapSize is how large the heap is, with what is free of it. What a peer says
// without end is allocated bit by bit, and must not be kept.
func heapSize() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys
}
