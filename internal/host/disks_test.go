//go:build lab

package host_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// diskMiB is the size of the disk that is copied.
const diskMiB = 16

// mover is a guest with a disk that each host has for itself.
type mover struct {
	*testing.T
	guest *lab.Guest
	disk  lab.Disk
	// here is where it runs, there where it moves next.
	here, there *lab.Host
}

// newMover starts a guest that never boots, whose disk is full of data, on hosts with a pool
// for the directory of the disk.
func newMover(t *testing.T) *mover {
	t.Helper()
	w := world(t)
	m := &mover{T: t, here: w.Hosts[0], there: w.Hosts[1]}
	m.guest = w.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive, Parts: []lab.Part{lab.Disk{Local: true, MiB: diskMiB}}})
	m.disk = m.guest.Disks()[0]
	for _, l := range w.Hosts[:2] {
		l.MustVirsh(t, "pool-create-as", "local", "dir", "--target", lab.LocalImages)
		t.Cleanup(func() {
			if _, err := l.Virsh(testContextAfter(t), "pool-destroy", "local"); err != nil {
				t.Error(err)
			}
		})
	}
	m.must("qemu-io", "-f", "qcow2", "-c", fmt.Sprintf("write -P 0x5a 0 %dM", diskMiB), m.here.File(m.disk.Path))
	m.here.MustVirsh(t, "start", m.guest.UUID)
	return m
}

func (m *mover) must(command string, args ...string) {
	m.Helper()
	if output, err := exec.CommandContext(testContext(m.T), command, args...).CombinedOutput(); err != nil {
		m.Fatalf("%s: %v\n%s", command, err, output)
	}
}

// parameters are those of a move of the disk under a policy.
func (m *mover) parameters(p policy.Policy) migration.Parameters {
	p.CopyStorage = new(policy.CopyFull)
	return migration.Parameters{
		Policy: told(p), Persistent: true, MigrationURI: m.there.MigrationURI,
		Storage: &migration.StorageCopy{Disks: []migration.CopiedDisk{{Target: m.disk.Target, Bytes: diskMiB << 20}}, DetectZeroes: true},
	}
}

// arrived checks that the guest has moved with its disk, and removes the one that it left.
func (m *mover) arrived() {
	m.Helper()
	runsOnly(m.T, m.guest, m.there)
	m.must("qemu-img", "compare", "-U", m.here.File(m.disk.Path), m.there.File(m.disk.Path))
	m.clear(m.here)
	m.here, m.there = m.there, m.here
}

// clear removes the test's own disk from a host that does not run the guest.
func (m *mover) clear(l *lab.Host) {
	m.Helper()
	if err := os.Remove(l.File(m.disk.Path)); err != nil {
		m.Fatal(err)
	}
	l.MustVirsh(m.T, "pool-refresh", "local")
}

// mirror waits until the disk is being copied, and returns QEMU's node that it goes to.
func (m *mover) mirror(source *host.Host) string {
	m.Helper()
	until(m.T, "a disk is copied, and no memory is sent", func() bool {
		job, err := source.Job(testContext(m.T), m.guest.UUID)
		return err == nil && job.DiskTotal > 0 && job.DiskProcessed > 0 && job.MemoryTotal == 0 &&
			job.DiskProcessed+job.DiskRemaining == job.DiskTotal
	})
	nodes := m.here.MustVirsh(m.T, "qemu-monitor-command", m.guest.UUID, `{"execute":"query-named-block-nodes"}`)
	for node := range strings.SplitSeq(nodes, `"iops_rd"`) {
		if strings.Contains(node, fmt.Sprintf(`"node-name":"migration-%s-storage"`, m.disk.Target)) {
			return node
		}
	}
	m.Fatalf("no node of the copy in %s", nodes)
	return ""
}

// A disk that the destination does not have is copied, peer-to-peer and direct, to the address
// that memory is sent to. One that was cancelled leaves the source's as it was.
func TestDisksAreCopied(t *testing.T) {
	m := newMover(t)
	kvm1, kvm2 := connect(t, m.here), connect(t, m.there)
	slow := policy.Policy{BandwidthMiBPerSecond: new(int64(4))}

	ended := make(chan error, 1)
	start := func(p policy.Policy) {
		go func() { ended <- kvm1.MigratePeerToPeer(testContext(t), m.guest.UUID, kvm2.PeerURI(), m.parameters(p)) }()
	}
	start(slow)
	if node := m.mirror(kvm1); !strings.Contains(node, `"detect_zeroes":"unmap"`) || !strings.Contains(node, "nbd://"+m.there.Address+":") {
		t.Errorf("the disk is not copied to %s, or with its zeroes: %s", m.there.Address, node)
	}
	if err := kvm1.StartPostCopy(testContext(t), m.guest.UUID); err == nil {
		t.Error("libvirt switches to post-copy while a disk is copied")
	}
	if err := kvm1.AbortJob(testContext(t), m.guest.UUID); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, migration.ErrAborted) {
		t.Errorf("it ends with %v", err)
	}
	runsOnly(t, m.guest, m.here)
	m.must("qemu-io", "-U", "-r", "-f", "qcow2", "-c", fmt.Sprintf("read -P 0x5a 0 %dM", diskMiB), m.here.File(m.disk.Path))
	m.clear(m.there) // libvirt leaves what it has created

	encrypted := slow
	encrypted.Encryption, encrypted.SynchronousWrites = new(true), new(true)
	start(encrypted)
	receives := regexp.MustCompile("nbd://[^\"]*").FindString(m.mirror(kvm1))
	if output, err := exec.CommandContext(testContext(t), "qemu-img", "info", receives).CombinedOutput(); err == nil || !strings.Contains(string(output), "TLS") {
		t.Errorf("%s takes a client without TLS: %v\n%s", receives, err, output)
	}
	// The disk is kept equal while memory is sent.
	if err := kvm1.SetMaxSpeed(testContext(t), m.guest.UUID, 1); err != nil {
		t.Error(err)
	}
	until(t, "the disk is kept equal with each write", func() bool {
		jobs, err := m.here.Virsh(testContext(t), "qemu-monitor-command", m.guest.UUID, `{"execute":"query-block-jobs"}`)
		return err == nil && strings.Contains(jobs, `"actively-synced":true`)
	})
	_ = kvm1.SetMaxSpeed(testContext(t), m.guest.UUID, 100) // unless all is sent by now
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	m.arrived()

	back := &steps{t: t, source: kvm2, destination: kvm1, guest: m.guest, p: m.parameters(policy.Policy{PostCopy: new(true)})}
	back.do(back.begin, back.prepare, back.perform, func() error { return back.finish(false) }, func() error { return back.confirm(false) })
	m.arrived()
}
