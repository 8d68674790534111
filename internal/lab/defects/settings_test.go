//go:build lab

package defects

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// hostUUID gives a host another UUID until the test ends.
func (s *scene) hostUUID(h *lab.Host, id string) {
	s.Helper()
	s.configure(h, "libvirtd.conf", fmt.Sprintf("host_uuid = %q", id))
}

// qemuConf changes settings in a host's qemu.conf until the test ends.
func (s *scene) qemuConf(h *lab.Host, settings ...string) {
	s.Helper()
	s.configure(h, "qemu.conf", settings...)
}

// configure changes settings of a host's libvirtd, which starts anew, until the test ends.
func (s *scene) configure(h *lab.Host, name string, settings ...string) {
	s.Helper()
	file := filepath.Join(h.Directory, "etc", name)
	before, err := os.ReadFile(file)
	s.must(err)
	s.Cleanup(func() {
		s.must(os.WriteFile(file, before, 0o644))
		s.must(h.Restart(s.after()))
	})
	changed := string(before)
	for _, setting := range settings {
		key, _, _ := strings.Cut(setting, " =")
		var kept strings.Builder
		for line := range strings.Lines(changed) {
			if !strings.HasPrefix(line, key+" =") {
				kept.WriteString(line)
			}
		}
		changed = kept.String() + setting + "\n"
	}
	s.must(os.WriteFile(file, []byte(changed), 0o644))
	s.must(h.Restart(s.context()))
	h.MustVirsh(s, "domcapabilities") // now, and not within the deadline of a check, libvirt asks QEMU what it can do
}

// resolve makes a name resolve to an address on one host until the test ends.
func (s *scene) resolve(h *lab.Host, name, address string) {
	s.Helper()
	s.must(h.Resolve(s.world, name, address))
	s.Cleanup(func() { s.must(h.ResolveAll(s.world)) })
}

// listen has a program that is no VM listen on a port of all addresses of a host, until silence or the end of the test.
func (s *scene) listen(h *lab.Host, port int) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	program := h.Command(ctx, "nc", "-6", "-l", "-k", strconv.Itoa(port))
	s.must(program.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = program.Wait() // it is killed
	}()
	s.silence = func() {
		cancel()
		<-ended
	}
	s.Cleanup(s.silence)
	s.awaitListener(net.JoinHostPort(h.Address, strconv.Itoa(port)))
}

// awaitListener returns when a program listens on an address.
func (s *scene) awaitListener(address string) {
	s.Helper()
	ctx := s.context()
	for {
		connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err == nil {
			s.must(connection.Close())
			return
		}
		select {
		case <-ctx.Done():
			s.Fatalf("nobody listens on %s: %v", address, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
