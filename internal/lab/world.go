package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// worldVariable holds a description of the world, for the programs inside.
const worldVariable = "VIRT_LAB"

const (
	// directory holds all files of a lab. Every lab has its own /run.
	directory = "/run/virt-lab"
	// bridge is the network that connects the hosts and the caller.
	bridge = "lab0"
	// callerAddress is the address of programs in the lab outside its hosts.
	callerAddress = "10.77.0.1"
	// pkiPath holds the certificates of the lab's clients.
	pkiPath = directory + "/pki"
)

// World is a lab as seen by a program inside it.
type World struct {
	// Hosts are kvm1, kvm2, ... in this order.
	Hosts []*Host
	// Kernel and Initrd are what guests boot.
	Kernel, Initrd string
	// PKIPath holds the certificates of the lab's clients, for libvirt's parameter pkipath.
	PKIPath string
	// SSH is how programs in the lab log in to its hosts.
	SSH SSH
}

// ErrNoLab tells that the process does not run in a lab.
var ErrNoLab = errors.New("not in a lab: start the program with go run ./internal/lab/cmd/lab -- PROGRAM, " +
	"or the tests by lab.Main")

func inside() bool { return os.Getenv(worldVariable) != "" }

// Current returns the lab that the process runs in; [ErrNoLab] when it does not.
func Current() (*World, error) {
	description := os.Getenv(worldVariable)
	if description == "" {
		return nil, ErrNoLab
	}
	world := new(World)
	if err := json.Unmarshal([]byte(description), world); err != nil {
		return nil, fmt.Errorf("read %s: %w", worldVariable, err)
	}
	return world, nil
}

// Host returns the host of that name. It panics if there is none: the caller chose the names.
func (w *World) Host(name string) *Host {
	for _, host := range w.Hosts {
		if host.Name == name {
			return host
		}
	}
	panic("lab: no host named " + name)
}

func (w *World) names() []string {
	names := make([]string, len(w.Hosts))
	for i, host := range w.Hosts {
		names[i] = host.Name
	}
	return names
}

// Console returns the path of a guest's serial console, the same on every host.
func (w *World) Console(guest string) string {
	return filepath.Join(directory, "console", guest+".log")
}

// environment describes the world to the program in it: everything as JSON, and addresses and URIs for shell scripts.
func (w *World) environment() ([]string, error) {
	description, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	variables := []string{worldVariable + "=" + string(description)}
	for _, host := range w.Hosts {
		prefix := worldVariable + "_" + strings.ToUpper(host.Name)
		variables = append(variables,
			prefix+"_ADDRESS="+host.Address,
			prefix+"_URI="+host.URI,
			prefix+"_SOCKET_URI="+host.SocketURI,
			prefix+"_SSH_URI="+host.SSHURI,
			prefix+"_TLS_URI="+host.TLSURI,
			prefix+"_MIGRATION_URI="+host.MigrationURI,
		)
	}
	return append(variables, worldVariable+"_HOSTS="+strings.Join(w.names(), " ")), nil
}

// build makes the world in its own namespaces and returns when every host answers.
func build(ctx context.Context, hosts int, releases []Release, a artifacts) (*World, error) {
	if hosts < 1 || hosts > 64 {
		return nil, fmt.Errorf("a lab has 1 to 64 hosts, not %d", hosts)
	}
	world := &World{Kernel: a.kernel, Initrd: a.initrd, PKIPath: pkiPath, SSH: newSSH()}
	for number := 1; number <= hosts; number++ {
		world.Hosts = append(world.Hosts, newHost(number, releases[(number-1)%len(releases)]))
	}
	if err := world.buildShared(ctx); err != nil {
		return nil, err
	}
	if err := world.buildSSH(ctx); err != nil {
		return nil, err
	}
	if err := world.buildCertificates(); err != nil {
		return nil, err
	}
	return world, world.buildHosts(ctx)
}

// atOnce is how many hosts are built at a time: their sshd and libvirtd all answer late where many start together.
const atOnce = 4

// buildHosts makes all hosts and returns when each of them answers. The first of each release asks its QEMU what it can
// do, which takes longer than all else; the others get the answer with libvirt's cache.
func (w *World) buildHosts(ctx context.Context) error {
	pioneers := map[Release]*Host{}
	var first, others []*Host
	for _, host := range w.Hosts {
		if pioneers[host.Release] == nil {
			pioneers[host.Release] = host
			first = append(first, host)
		} else {
			others = append(others, host)
		}
	}
	if err := buildEach(first, func(h *Host) error { return h.build(ctx) }); err != nil {
		return err
	}
	return buildEach(others, func(h *Host) error {
		return errors.Join(h.learn(pioneers[h.Release]), h.build(ctx))
	})
}

// buildEach builds hosts, some at a time.
func buildEach(hosts []*Host, build func(*Host) error) error {
	failures := make([]error, len(hosts))
	free := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, host := range hosts {
		free <- struct{}{}
		running.Go(func() {
			failures[i] = build(host)
			<-free
		})
	}
	running.Wait()
	return errors.Join(failures...)
}

// learn gives the host what libvirt on another one has found out about the QEMU that both have.
func (h *Host) learn(other *Host) error {
	const capabilities = "cache/qemu/capabilities"
	return os.CopyFS(filepath.Join(h.Directory, capabilities), os.DirFS(filepath.Join(other.Directory, capabilities)))
}

// buildShared makes what the hosts share: a /run that is gone with the lab, host names, and the bridge.
func (w *World) buildShared(ctx context.Context) error {
	if err := run(ctx, "mount", "-t", "tmpfs", "-o", "mode=0755", "lab", "/run"); err != nil {
		return err
	}
	for _, path := range []string{"console"} {
		if err := os.MkdirAll(filepath.Join(directory, path), 0o755); err != nil {
			return err
		}
	}
	if err := os.Mkdir("/run/libvirt", 0o755); err != nil {
		return err
	}
	if err := mountHugePages(ctx); err != nil {
		return err
	}
	hosts := filepath.Join(directory, "hosts")
	if err := os.WriteFile(hosts, []byte(w.hostNames()), 0o644); err != nil {
		return err
	}
	for _, host := range w.Hosts {
		if err := os.MkdirAll(host.Directory, 0o755); err != nil {
			return err
		}
		if err := host.ResolveAll(w); err != nil {
			return err
		}
	}
	return runAll(ctx, [][]string{
		{"mount", "--bind", hosts, "/etc/hosts"},
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", bridge, "type", "bridge"},
		{"ip", "address", "add", callerAddress + "/24", "dev", bridge},
		{"ip", "link", "set", bridge, "up"},
	})
}
