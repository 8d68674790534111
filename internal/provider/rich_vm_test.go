//go:build lab

package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// richXML is a VM with what people and tools keep in a definition, as it runs.
const richXML = `<domain type='qemu'>
  <name>{{ .Name }}</name>
  <uuid>{{ .UUID }}</uuid>
  <title>The rich VM</title>
  <description>Two lines
of words &amp; &lt;signs&gt;</description>
  <metadata>
    <a:owner xmlns:a='http://example.com/owner' since='2024'>ops<a:team>db</a:team></a:owner>
    <b:note xmlns:b='http://example.com/note'/>
    <virt:migration-policy xmlns:virt='urn:virt:migration-policy:1'>{"version":1,"max_downtime_ms":400}</virt:migration-policy>
  </metadata>
  <maxMemory slots='2' unit='KiB'>262144</maxMemory>
  <memory unit='KiB'>98304</memory>
  <currentMemory unit='KiB'>81920</currentMemory>
  <vcpu placement='static' current='1'>2</vcpu>
  <iothreads>2</iothreads>
  <cputune><vcpupin vcpu='0' cpuset='0-1'/><emulatorpin cpuset='0'/></cputune>
  <sysinfo type='smbios'><system><entry name='serial'>SN-1</entry></system></sysinfo>
  <os><type arch='x86_64' machine='pc'>hvm</type><bootmenu enable='yes' timeout='3000'/><smbios mode='sysinfo'/></os>
  <features><acpi/><apic/><pae/></features>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>qemu64</model>
    <numa><cell id='0' cpus='0-1' memory='98304' unit='KiB'/></numa>
  </cpu>
  <clock offset='variable' adjustment='120' basis='utc'>
    <timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/>
  </clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>preserve</on_crash>
  <pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' discard='unmap' iothread='1'/>
      <source file='{{ (index .Disks 0).Path }}'/>
      <target dev='vda' bus='virtio'/>
      <iotune><total_iops_sec>900</total_iops_sec></iotune>
      <serial>disk-1</serial>
      <boot order='2'/>
      <alias name='ua-root'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x18' function='0x0'/>
    </disk>
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/><target dev='sda' bus='scsi'/><readonly/><boot order='3'/>
    </disk>
    <controller type='scsi' index='0' model='virtio-scsi'/>
    <controller type='usb' index='0' model='qemu-xhci' ports='8'/>
    <controller type='virtio-serial' index='0'/>
    <interface type='bridge'>
      <mac address='52:54:00:aa:bb:01'/><source bridge='br0'/><model type='virtio'/><link state='down'/><boot order='1'/><alias name='ua-nic'/>
    </interface>
    <interface type='network'><source network='lan'/><model type='e1000'/></interface>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <input type='tablet' bus='usb'/>
    <graphics type='vnc' port='-1' autoport='yes' passwd='secret1' passwdValidTo='2099-01-02T03:04:05' keymap='de'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>
    <video><model type='vga' vram='16384'/></video>
    <watchdog model='i6300esb' action='none'/>
    <memballoon model='virtio'><stats period='10'/></memballoon>
    <rng model='virtio'><rate bytes='1234' period='2000'/><backend model='random'>/dev/urandom</backend></rng>
  </devices>
  <seclabel type='none'/>
</domain>
`

// pending are changes of the definition that wait for the next start.
var pending = strings.NewReplacer(
	"The rich VM", "The rich VM, later",
	"<b:note", "<c:new xmlns:c='http://example.com/new'>later</c:new><b:note",
	"<iothreads>2", "<blkiotune><weight>500</weight></blkiotune><memtune><hard_limit unit='KiB'>2097152</hard_limit>"+
		"<swap_hard_limit unit='KiB'>4194304</swap_hard_limit></memtune><iothreads>3",
	"<cputune>", "<cputune><shares>2048</shares><period>100000</period><quota>50000</quota>",
	"<sysinfo ", "<numatune><memory mode='preferred' nodeset='0'/></numatune><sysinfo ",
	"secret1", "secret2",
	"slot='0x18'", "slot='0x19'",
	"<boot order='1'/>", "<bandwidth><inbound average='1000' peak='5000' burst='1024'/></bandwidth><boot order='4'/>",
	"<input type='tablet'", "<interface type='user'><model type='rtl8139'/></interface><input type='tablet'",
	"<seclabel type='none'/>", "<seclabel type='dynamic' model='dac' relabel='yes'/>",
)

// startRich starts a guest from richXML that has pending changes, some that hold only as
// long as it runs, and autostart.
func startRich(t *testing.T) *lab.Guest {
	t.Helper()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive, Parts: []lab.Part{lab.Disk{}}})
	host := testLab(t).Host("kvm1")
	define := func(document string) {
		file := filepath.Join(t.TempDir(), "rich.xml")
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		host.MustVirsh(t, "define", file)
	}
	define(rendered(t, richXML, guest))
	host.MustVirsh(t, "start", guest.UUID)
	define(pending.Replace(host.MustVirsh(t, "dumpxml", "--inactive", "--security-info", guest.UUID)))
	host.MustVirsh(t, "blkdeviotune", guest.UUID, "vda", "--total-iops-sec", "777", "--live")
	host.MustVirsh(t, "iothreadset", guest.UUID, "1", "--poll-max-ns", "5000", "--live")
	host.MustVirsh(t, "vcpupin", guest.UUID, "0", "1", "--live")
	host.MustVirsh(t, "domif-setlink", guest.UUID, "52:54:00:aa:bb:01", "up")
	host.MustVirsh(t, "metadata", guest.UUID, "http://example.com/now", "--key", "now", "--set", "<n a='1'/>", "--live")
	host.MustVirsh(t, "desc", guest.UUID, "--live", "as it runs")
	host.MustVirsh(t, "autostart", guest.UUID)
	host.MustVirsh(t, "autostart", "--once", guest.UUID)
	for _, name := range checkpoints {
		host.MustVirsh(t, "checkpoint-create-as", guest.UUID, name, "of "+name, "--diskspec", "vda,checkpoint=bitmap")
	}
	return guest
}

// checkpoints of the guest; each is the child of the one before.
var checkpoints = []string{"monday", "tuesday"}

// kept is all that a host keeps of a VM that a move must not lose.
type kept struct {
	Autostart                                     []string
	Definition, Live, Title, Description, Pending string
	// Checkpoints are by name; Bitmaps are what QEMU has of them.
	Checkpoints map[string]string
	Bitmaps     int
}

// numbered is what libvirt gives a domain at each start: an ID, which is also in paths, a port, and names in networks.
var numbered = regexp.MustCompile(
	`(<domain type='qemu' id='|/channel/|<graphics type='vnc' port='|<target dev='vnet| portid=')[\da-f-]+`)

// historyElement is what each move adds: its own entry.
var historyElement = regexp.MustCompile(`(?m)^ *<virth:migration-history .*\n`)

func keptOn(t *testing.T, host string, guest *lab.Guest) kept {
	t.Helper()
	ask := func(arguments ...string) string {
		return testLab(t).Host(host).MustVirsh(t, append(arguments, guest.UUID)...)
	}
	metadata := map[string]string{}
	for name := range strings.FieldsSeq(ask("checkpoint-list", "--name")) {
		metadata[name] = testLab(t).Host(host).MustVirsh(t, "checkpoint-dumpxml", "--security-info", guest.UUID, name)
	}
	blocks := testLab(t).Host(host).MustVirsh(t, "qemu-monitor-command", guest.UUID, `{"execute":"query-named-block-nodes"}`)
	return kept{
		Autostart:   regexp.MustCompile(`(?m)^Autostart.*$`).FindAllString(ask("dominfo"), -1),
		Definition:  historyElement.ReplaceAllString(ask("dumpxml", "--inactive", "--security-info"), ""),
		Live:        numbered.ReplaceAllString(historyElement.ReplaceAllString(ask("dumpxml", "--security-info"), ""), "${1}N"),
		Title:       ask("desc", "--title", "--config"),
		Description: ask("desc", "--live"),
		Pending:     ask("desc", "--config"),
		Checkpoints: metadata,
		Bitmaps:     strings.Count(blocks, `"recording":`),
	}
}

// TestAccLiveMigration_losesNothing moves a VM there and back, and compares all that its
// hosts keep of it.
func TestAccLiveMigration_losesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"peer_to_peer", "direct"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			guest := startRich(t)
			before := keptOn(t, "kvm1", guest)
			if len(before.Checkpoints) != len(checkpoints) || before.Bitmaps < len(checkpoints) {
				t.Fatalf("the guest has %d checkpoints and %d bitmaps", len(before.Checkpoints), before.Bitmaps)
			}
			for what, words := range map[string]string{
				strings.Join(before.Autostart, ", "): "enable", before.Live: "secret1", before.Definition: "secret2", before.Title: "later",
				before.Description: "as it runs", before.Pending: "Two lines",
			} {
				if !strings.Contains(what, words) {
					t.Fatalf("the guest does not have %q: %s", words, what)
				}
			}
			step := func(destination, other string) resource.TestStep {
				return resource.TestStep{
					Config: placementOf(t, guest.Name, destination, `mode = "`+mode+`"`),
					PostApplyFunc: func() {
						requireHome(t, guest, destination, "running")
						if diff := cmp.Diff(before, keptOn(t, destination, guest)); diff != "" {
							t.Errorf("on %s, before (-) and after (+) the move:\n%s", destination, diff)
						}
						requireNoAutostart(t, guest, other)
					},
				}
			}
			acceptance(t, step("kvm1", "kvm2"), step("kvm2", "kvm1"), step("kvm1", "kvm2"))
		})
	}
}

// requireNoAutostart wants that a host has no link left by which its libvirt would start
// the guest.
func requireNoAutostart(t *testing.T, guest *lab.Guest, host string) {
	t.Helper()
	links, err := filepath.Glob(filepath.Join(testLab(t).Host(host).Directory, "etc/qemu/autostart", guest.Name+"*"))
	if err != nil || len(links) > 0 {
		t.Errorf("%s would start the guest: %v, %v", host, links, err)
	}
}
