//go:build lab

package host_test

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// define writes a libvirt definition where virsh finds it.
func define(t *testing.T, definition string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "definition.xml")
	if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// undo runs virsh when the test ends.
func undo(t *testing.T, l *lab.Host, args ...string) {
	t.Helper()
	t.Cleanup(func() {
		if _, err := l.Virsh(testContextAfter(t), args...); err != nil {
			t.Error(err)
		}
	})
}

func TestNetworkDevices(t *testing.T) {
	h := connect(t, labHosts(t)[0])
	devices, err := h.NetworkDevices(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if !devices.Has("lo") || devices.Has("nosuch0") {
		t.Errorf("devices are %+v: lo %v, nosuch0 %v", devices, devices.Has("lo"), devices.Has("nosuch0"))
	}
	for name, want := range map[string]bool{"net_lo_00_00_00_00_00_00": true, "pci_ffff_00_00_0": false} {
		if got, err := h.HasNodeDevice(testContext(t), name); got != want || err != nil {
			t.Errorf("node device %s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestNetworks(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	l.MustVirsh(t, "net-define", define(t, `<network><name>off</name><bridge name="virbr-off"/></network>`))
	undo(t, l, "net-undefine", "off")
	l.MustVirsh(t, "net-create", define(t, `<network><name>on</name><forward mode="bridge"/><bridge name="br0"/></network>`))
	undo(t, l, "net-destroy", "on")
	all, err := h.Networks(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(all, func(n preflight.Network) bool { return n.Name != "off" && n.Name != "on" })
	slices.SortFunc(got, func(a, b preflight.Network) int { return cmp.Compare(a.Name, b.Name) })
	want := []preflight.Network{{Name: "off"}, {Name: "on", Active: true, Bridge: "br0"}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("networks (-want +got):\n%s", diff)
	}
	if has, err := h.HasNetworkFilter(testContext(t), "nosuch"); has || err != nil {
		t.Errorf("network filter: got %v, %v", has, err)
	}
}

func TestPools(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	directory := t.TempDir()
	disk := filepath.Join(directory, "disk.raw")
	write(t, disk)
	for _, pool := range []string{"on", "off"} {
		path := filepath.Join(directory, map[string]string{"off": "off"}[pool])
		l.MustVirsh(t, "pool-define-as", pool, "dir", "--target", path)
		undo(t, l, "pool-undefine", pool)
	}
	l.MustVirsh(t, "pool-start", "on")
	undo(t, l, "pool-destroy", "on")

	all, err := h.Pools(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]storage.Pool{}
	for _, p := range all {
		got[p.Name] = p
	}
	on := got["on"]
	if on.UUID == "" || !on.Active || on.Type != "dir" || on.Path != directory || got["off"].Active || got["off"].Name == "" {
		t.Errorf("pools are %+v", all)
	}
	check := func(name string, want, byPath, byName preflight.Presence, err ...error) {
		t.Helper()
		if byPath != want || byName != want || errors.Join(err...) != nil {
			t.Errorf("%s: got %v by path, %v by name (%v), want %v", name, byPath, byName, errors.Join(err...), want)
		}
	}
	ask := func(name string) (byPath, byName preflight.Presence, err error) {
		byPath, pathErr := h.PathInPools(testContext(t), filepath.Join(directory, name))
		byName, nameErr := h.VolumeInPool(testContext(t), on, name)
		return byPath, byName, errors.Join(pathErr, nameErr)
	}
	byPath, byName, err := ask("disk.raw")
	check("a volume", preflight.Present, byPath, byName, err)
	byPath, byName, err = ask("nosuch.raw")
	check("no volume", preflight.NotListed, byPath, byName, err)
	write(t, filepath.Join(directory, "new.raw"))
	byPath, byName, err = ask("new.raw")
	check("a file that is newer than the pool's list", preflight.NotListed, byPath, byName, err)
	if err := os.Remove(disk); err != nil {
		t.Fatal(err)
	}
	byPath, byName, err = ask("disk.raw")
	check("a volume whose file is gone", preflight.Absent, byPath, byName, err)
}

// write makes a file.
func write(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A path is looked at whatever it is, without a trace, and nothing there is opened.
func TestHasPath(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	directory := t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	write(t, in("disk.raw"))
	socket, err := new(net.ListenConfig).Listen(testContext(t), "unix", in("socket"))
	if err := errors.Join(err, os.Mkdir(in("sub"), 0o700), syscall.Mkfifo(in("fifo"), 0o600),
		os.Symlink("disk.raw", in("link")), os.Symlink("sub", in("way")), os.Symlink("gone", in("dangling"))); err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	l.MustVirsh(t, "pool-create-as", "there", "dir", "--target", directory)
	undo(t, l, "pool-destroy", "there")
	for path, want := range map[string]bool{
		directory: true, in("disk.raw"): true, in("sub"): true, in("socket"): true, in("fifo"): true, in("link"): true,
		in("way"): true, in("way/nosuch"): false, in("dangling"): false, in("nosuch"): false, in("a/b/c"): false,
		"/": true, "/dev/null": true, "/dev/nosuch": false, "/dev": true, "/proc/self": true, in("with space & <"): false,
		"/sys/class/net/lo": true, "/sys/class/net/" + lab.Bridge: true, "/sys/class/net/nosuch0": false,
	} {
		if got, err := h.HasPath(testContext(t), path); got != want || err != nil {
			t.Errorf("%s: got %v, %v", path, got, err)
		}
	}
	if pools := l.MustVirsh(t, "pool-list", "--all", "--name"); strings.Contains(pools, "preflight") {
		t.Errorf("pools are %q", pools)
	}
}

// Many may look at one path at a time, also from several programs.
func TestHasPathAtOnce(t *testing.T) {
	l := labHosts(t)[0]
	hosts := []*host.Host{connect(t, l), connect(t, l)}
	path := t.TempDir()
	results := make(chan error)
	const askers = 8
	for i := range askers {
		go func() {
			there, err := hosts[i%len(hosts)].HasPath(testContext(t), path)
			if err == nil && !there {
				err = errors.New("it is not there")
			}
			results <- err
		}()
	}
	for range askers {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestDomainCapabilities(t *testing.T) {
	h := connect(t, labHosts(t)[0])
	m := preflight.Machine{Emulator: lab.Emulator, Arch: "x86_64", Type: "pc", VirtType: "qemu"}
	c, err := h.DomainCapabilities(testContext(t), m)
	if err != nil {
		t.Fatal(err)
	}
	if c.MaxVCPUs == 0 || c.CPUModes["host-passthrough"] || !c.CPUModes["maximum"] || !c.CPUModes["custom"] {
		t.Errorf("got %+v", c)
	}
	for name, got := range map[string]bool{
		"a kind of device that libvirt does not tell of": c.Has("teapot", "type", "brown"),
		"an enumeration that libvirt does not tell of":   c.Has("graphics", "colour", "brown"),
		"VNC": c.Has("graphics", "type", "vnc"), "a bus": c.Has("disk", "bus", "virtio"),
		"no such graphics": !c.Has("graphics", "type", "nosuch"),
	} {
		if !got {
			t.Errorf("%s: %+v", name, c.Devices["graphics"])
		}
	}
	var emulator *preflight.EmulatorError
	missing := m
	missing.Emulator = "/opt/nosuch/qemu"
	if _, err := h.DomainCapabilities(testContext(t), missing); !errors.As(err, &emulator) || emulator.Emulator != missing.Emulator {
		t.Errorf("missing emulator: %v", err)
	}
	var machine *preflight.MachineError
	newer := m
	newer.Type = "pc-i440fx-99.0"
	if _, err := h.DomainCapabilities(testContext(t), newer); !errors.As(err, &machine) {
		t.Errorf("missing machine type: %v", err)
	}
	var accelerator *preflight.AcceleratorError
	hosted := m
	hosted.VirtType = "hvf" // that of macOS
	if _, err := h.DomainCapabilities(testContext(t), hosted); !errors.As(err, &accelerator) {
		t.Errorf("missing accelerator: %v", err)
	}
	other := m
	other.Arch = "nosuch"
	if _, err := h.DomainCapabilities(testContext(t), other); err == nil || errors.As(err, &machine) || errors.As(err, &emulator) {
		t.Errorf("unknown architecture: %v", err)
	}
}

func TestCapabilities(t *testing.T) {
	hosts := labHosts(t)
	h, other := connect(t, hosts[0]), connect(t, hosts[1])
	c, err := h.Capabilities(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if c.CPU == "" || len(c.Nodes) == 0 || len(c.CPUs) == 0 || !slices.Contains(c.SecurityModels, "dac") {
		t.Errorf("got %+v", c)
	}
	if c.QEMUUser != "0" || c.QEMUGroup != "0" { // the lab's QEMU is root's
		t.Errorf("QEMU runs as %q:%q", c.QEMUUser, c.QEMUGroup)
	}
	if err := other.CompareHostCPU(testContext(t), c.CPU); err != nil {
		t.Errorf("two hosts of one machine: %v", err)
	}
	const impossible = `<cpu><arch>x86_64</arch><model>486</model><feature name="3dnowext"/><feature name="avx512-4fmaps"/></cpu>`
	var incompatible *preflight.CPUError
	if err := other.CompareHostCPU(testContext(t), impossible); !errors.As(err, &incompatible) {
		t.Errorf("a CPU that no host has: %v", err)
	}
	for size := range c.Pages {
		free, err := h.FreePages(testContext(t), []uint64{size})
		if _, told := free[size]; err != nil || !told || free[size] > c.Pages[size] {
			t.Errorf("free pages of %d KiB: %v, %v, of %d", size, free, err, c.Pages[size])
		}
	}
}

func TestNeighbours(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	name := fmt.Sprintf("console-%d", os.Getpid())
	w.Hosts[0].MustVirsh(t, "create", "--paused", define(t, fmt.Sprintf(`<domain type="qemu"><name>%s</name>
		<memory unit="MiB">32</memory><os><type arch="x86_64">hvm</type></os>
		<devices><emulator>%s</emulator><graphics type="vnc" port="5977" listen="127.0.0.1"/></devices></domain>`, name, lab.Emulator)))
	undo(t, w.Hosts[0], "destroy", name)
	got, err := h.Neighbours(testContext(t))
	want := preflight.Neighbour{Domain: name, Listeners: []preflight.Listener{
		{Device: "graphics vnc", Address: "127.0.0.1", Ports: []int{5977}},
	}}
	if err != nil || !slices.ContainsFunc(got, func(n preflight.Neighbour) bool { return gocmp.Equal(n, want) }) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestAddresses(t *testing.T) {
	l := labHosts(t)[0]
	for name, uri := range map[string]string{"address": l.URI, "name": l.TLSURI, "ssh": l.SSHURI} {
		h := open(t, host.Config{Name: "kvm1", URI: uri})
		got, err := h.Addresses(testContext(t))
		if want := []netip.Addr{netip.MustParseAddr(l.Address)}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

// Over libvirt's read-only socket the questions that only read have an answer, and the
// others are denied.
func TestQuestionsReadOnly(t *testing.T) {
	h := open(t, host.Config{Name: "kvm1", URI: labHosts(t)[0].SocketURI + "-ro"})
	ctx := testContext(t)
	_, devices := h.NetworkDevices(ctx)
	_, networks := h.Networks(ctx)
	_, pools := h.Pools(ctx)
	_, capabilities := h.Capabilities(ctx)
	_, neighbours := h.Neighbours(ctx)
	if err := errors.Join(devices, networks, pools, capabilities, neighbours); err != nil {
		t.Error(err)
	}
	_, path := h.HasPath(ctx, t.TempDir())
	_, machine := h.DomainCapabilities(ctx, preflight.Machine{Emulator: lab.Emulator})
	for name, err := range map[string]error{"path": path, "domain capabilities": machine} {
		if !errors.Is(err, host.ErrDenied) {
			t.Errorf("%s: got %v, want %v", name, err, host.ErrDenied)
		}
	}
}

// Where links lead so deep that libvirt makes the pool of a question, it is gone again.
func TestHasPathLeavesNoPool(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	root := t.TempDir()
	const linked = 90 // deeper than what the link's own path makes up for
	deep := filepath.Join(root, strings.Repeat("d/", linked))
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(root, "link")
	if err := os.Symlink(deep, link); err != nil {
		t.Fatal(err)
	}
	// One of these is where the way up from the end leads.
	for at := root; len(at) < len(deep); at = filepath.Join(at, "d") {
		if err := os.MkdirAll(filepath.Join(at, "dev", "null"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if there, err := h.HasPath(testContext(t), link); !there || err != nil {
		t.Errorf("got %t, %v", there, err)
	}
	if pools := l.MustVirsh(t, "pool-list", "--all", "--name"); strings.Contains(pools, "preflight") {
		t.Errorf("pools are %q", pools)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}
