package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Host is one libvirt host of the lab.
type Host struct {
	// Name is kvm1, kvm2, ...; it resolves to Address on every host and in the caller's programs.
	Name string
	// Address is the host's own on the bridge.
	Address string
	// Release is what the host runs from.
	Release Release
	// UUID is the host's own in libvirt's capabilities.
	UUID string
	// URI reaches the host's libvirt over the network, SocketURI by its UNIX socket without the network. PeerURI is how
	// other hosts reach it.
	URI, SocketURI, PeerURI string
	// SSHURI reaches the host's libvirt through its sshd, from the caller's programs and from other hosts.
	SSHURI string
	// TLSURI reaches the host's libvirt by TLS, with the certificates of the lab's clients.
	TLSURI string
	// MigrationURI is where guests that move to the host are sent.
	MigrationURI string
	// Socket is the UNIX socket of the host's libvirtd.
	Socket string
	// Directory holds the host's files; see [Host.File].
	Directory string
	// Log is libvirtd's log file.
	Log string
}

// port is libvirtd's TCP port.
const port = 16509

func newHost(number int, release Release) *Host {
	name := fmt.Sprintf("kvm%d", number)
	address := fmt.Sprintf("10.77.0.%d", 10+number)
	home := filepath.Join(directory, name)
	socket := filepath.Join(home, "run", "libvirt-sock")
	return &Host{
		Name:         name,
		Release:      release,
		Address:      address,
		UUID:         fmt.Sprintf("6c616200-0000-4000-8000-%012d", number),
		URI:          fmt.Sprintf("qemu+tcp://%s/system", address),
		SocketURI:    "qemu+unix:///system?socket=" + socket,
		PeerURI:      fmt.Sprintf("qemu+tcp://%s/system", address),
		SSHURI:       fmt.Sprintf("qemu+ssh://root@%s/system", name),
		TLSURI:       fmt.Sprintf("qemu+tls://%s/system?pkipath=%s", name, pkiPath),
		MigrationURI: "tcp://" + address,
		Socket:       socket,
		Directory:    home,
		Log:          filepath.Join(home, "log", "libvirt", "libvirtd.log"),
	}
}

// bindMounts are the host's directories and where they are mounted.
var bindMounts = [][2]string{
	{"etc", "/etc/libvirt"},
	{"lib", "/var/lib/libvirt"},
	{"run", "/run/libvirt"},
	{"log", "/var/log"},
	{"cache", "/var/cache/libvirt"},
	{"images", Images},
	{"sasl", "/etc/sasl2"},
	{"swtpm-localca", "/var/lib/swtpm-localca"},
}

// build makes the host and starts its sshd and its libvirtd.
func (h *Host) build(ctx context.Context) error {
	for _, mount := range bindMounts {
		if err := os.MkdirAll(filepath.Join(h.Directory, mount[0]), 0o755); err != nil {
			return err
		}
	}
	for _, path := range []string{"lib/images", "lib/local", "log/libvirt"} {
		if err := os.MkdirAll(filepath.Join(h.Directory, path), 0o755); err != nil {
			return err
		}
	}
	if err := h.configure(); err != nil {
		return err
	}
	settle, err := h.settle()
	if err != nil {
		return err
	}
	commands := [][]string{
		{"ip", "netns", "add", h.Name},
		{"ip", "link", "add", h.Name, "type", "veth", "peer", "name", "eth0", "netns", h.Name},
		{"ip", "link", "set", h.Name, "master", bridge, "up"},
		{"ip", "-n", h.Name, "address", "add", h.Address + "/24", "dev", "eth0"},
		{"ip", "-n", h.Name, "link", "set", "lo", "up"},
		{"ip", "-n", h.Name, "link", "set", "eth0", "up"},
	}
	commands = append(commands, h.bridgeCommands()...)
	commands = append(commands,
		[]string{"nsenter", "--net=/run/netns/" + h.Name, "unshare", "--mount", "--uts", "sh", "-c", settle})
	if err := runAll(ctx, commands); err != nil {
		return fmt.Errorf("host %s: %w", h.Name, err)
	}
	if err := h.StartSSH(ctx); err != nil {
		return err
	}
	return h.Start(ctx)
}

// configure writes libvirtd's configuration: TCP without login, TLS with a client certificate, its own host UUID, and
// no cgroups or security drivers, which the lab does not have.
func (h *Host) configure() error {
	daemon := fmt.Sprintf(`listen_tls = 1
listen_tcp = 1
listen_addr = "%s"
auth_tcp = "none"
auth_tls = "none"
ca_file = "/etc/libvirt/pki/cacert.pem"
cert_file = "/etc/libvirt/pki/servercert.pem"
key_file = "/etc/libvirt/pki/serverkey.pem"
tls_no_sanity_certificate = 1
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
unix_sock_rw_perms = "0770"
host_uuid = "%s"
log_level = 3
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
`, h.Address, h.UUID)
	qemu := `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
shared_filesystems = [ "` + Images + `" ]
default_tls_x509_cert_dir = "/etc/libvirt/pki/qemu"
hugetlbfs_mount = "` + hugePagesSetting() + `"
swtpm_user = "root"
swtpm_group = "root"
`
	for name, content := range map[string]string{"libvirtd.conf": daemon, "qemu.conf": qemu} {
		if err := os.WriteFile(filepath.Join(h.Directory, "etc", name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(h.autostart("storage", Pool, poolXML), h.autostart("qemu/networks", Network, networkXML))
}

// settle is a shell script that sets up the host's mount and UTS namespaces and starts a process that keeps them,
// whatever happens to the host's daemon.
func (h *Host) settle() (string, error) {
	var script strings.Builder
	fmt.Fprintf(&script, "set -e\nhostname %s\n", h.Name)
	root, err := h.Release.changeRoot()
	script.WriteString(root)
	for _, mount := range bindMounts {
		fmt.Fprintf(&script, "mount --bind %s %s\n", filepath.Join(h.Directory, mount[0]), mount[1])
	}
	// Of the network devices, sysfs shows those of the namespace that it was mounted in.
	fmt.Fprintf(&script, "mount --bind %s /etc/hosts\nmount -t sysfs sysfs /sys\n", filepath.Join(h.Directory, "hosts"))
	fmt.Fprintf(&script, "setsid sleep infinity </dev/null >/dev/null 2>&1 &\necho $! >%s\n", h.keeperFile())
	return script.String(), err
}

func (h *Host) keeperFile() string { return filepath.Join(h.Directory, "keeper.pid") }

// Command returns a command that runs on the host: with its network, files and host name.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	keeper, _ := readPID(h.keeperFile()) // Without a keeper nsenter fails.
	enter := []string{"--target", strconv.Itoa(keeper), "--net", "--mount", "--uts", "--root", "--", name}
	return exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
}

// Inside is how programs outside of the host reach a file as the host sees it now, also on what was mounted there
// later.
func (h *Host) Inside(seen string) string {
	keeper, _ := readPID(h.keeperFile()) // Without a keeper there is no such file.
	return filepath.Join("/proc", strconv.Itoa(keeper), "root", seen)
}

// Virsh runs virsh on the host's UNIX socket, without the network, and returns its output.
func (h *Host) Virsh(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"--quiet", "--connect", h.SocketURI}, args...)
	return capture(ctx, exec.CommandContext(ctx, "virsh", args...))
}

// MustVirsh is [Host.Virsh] for a test. It fails the test if virsh fails or takes longer than two minutes.
func (h *Host) MustVirsh(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*commandTimeout)
	defer cancel()
	printed, err := h.Virsh(ctx, args...)
	if err != nil {
		t.Fatalf("on %s: %v", h.Name, err)
	}
	return printed
}
