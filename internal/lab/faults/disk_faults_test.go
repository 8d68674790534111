//go:build lab

package faults

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// diskFaults go wrong while a disk is copied, or afterwards, while it is kept equal. The guest writes all the time.
var diskFaults = []scenario{
	{
		name:   "a disk is copied, and Terraform is interrupted",
		copies: true,
		at:     []moment{inMirror, inMiddle},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGINT)) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{cancelled}, within: 30 * time.Second},
	},
	{
		name:   "a disk is copied, and Terraform is interrupted",
		copies: true,
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGINT)) },
		want:   want{ends: []whereabouts{onSource, onDestination}, codes: []int{0, 1}, summaries: []string{cancelled}, within: 30 * time.Second},
	},
	{
		name:   "a disk is copied, and Terraform is killed with its provider",
		copies: true,
		modes:  []string{peerToPeer},
		at:     []moment{inMirror, inMiddle},
		strike: (*stage).killAll,
		want:   want{ends: []whereabouts{onDestination}, codes: []int{codeKilled}, within: 30 * time.Second},
	},
	{
		name:   "a disk is copied, and Terraform is killed with its provider",
		copies: true,
		modes:  []string{direct},
		at:     []moment{inMirror, inMiddle},
		strike: (*stage).killAll,
		want:   want{ends: []whereabouts{onSource}, codes: []int{codeKilled}, within: 30 * time.Second},
	},
	{
		// QEMU does not end a mirror before the kernel gives the connection up, here after some 104 seconds.
		name:    "a disk is copied, and the link is cut for good",
		copies:  true,
		arrange: func(s *stage) { s.retransmit(8) },
		at:      []moment{inMirror, inMiddle},
		strike:  (*stage).cut,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut},
			words: []string{"to end it, because QEMU there"}, within: 4 * time.Minute,
		},
	},
	{
		// libvirt completes the mirrors while the guest is stopped.
		name:    "a disk is copied, and the link is cut for good",
		copies:  true,
		arrange: func(s *stage) { s.retransmit(8) },
		at:      []moment{atEnd},
		strike:  (*stage).cut,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut, failed},
			within: 4 * time.Minute, gap: 4 * time.Minute,
		},
	},
	{
		name:   "a disk is copied, the link is cut for good, and Terraform is interrupted when it waits for the kernel",
		copies: true,
		at:     []moment{inMirror, inMiddle},
		strike: func(s *stage) { s.cut(); s.interruptOnceItSays("Ctrl-C ends the waiting") },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut},
			words: []string{"still has the migration job, because QEMU there"}, within: 20 * time.Second,
		},
	},
	{
		name:   "a disk is copied, and the destination's libvirtd is killed and restarted",
		copies: true,
		at:     []moment{inMirror, inMiddle},
		strike: func(s *stage) { s.must(s.to.Restart(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: time.Minute},
	},
	{
		name:   "a disk is copied, and the source's libvirtd is killed and restarted",
		copies: true,
		at:     []moment{inMirror, inMiddle},
		strike: func(s *stage) { s.must(s.from.Restart(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: time.Minute},
	},
	{
		name:   "a disk is copied, and QEMU on the destination is killed",
		copies: true,
		at:     []moment{inMirror, inMiddle},
		strike: func(s *stage) { s.killQEMU(s.to) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: time.Minute},
	},
	{
		name:    "a disk is copied, and the file system on the destination gets full",
		copies:  true,
		guest:   writer("qcow2"),
		arrange: (*stage).smallFileSystem,
		at:      []moment{inMirror},
		strike:  (*stage).fillFileSystem,
		repair:  (*stage).emptyFileSystem,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed},
			words: []string{"A file system of destination is full"}, within: time.Minute,
		},
	},
}

// ballast is what fills the file system of the destination's pool.
const ballast = lab.LocalImages + "/ballast"

// smallFileSystem gives the destination's pool one that has room for the guest's disk and little more.
func (s *stage) smallFileSystem() {
	s.Helper()
	s.on(s.to, "mount", "-t", "tmpfs", "-o", "size=48m", "small", lab.LocalImages)
	s.virsh(s.to, "pool-refresh", localPool)
	s.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), patience)
		defer cancel()
		if out, err := s.to.Command(ctx, "umount", "--lazy", lab.LocalImages).CombinedOutput(); err != nil { // the guest may be on it
			s.Errorf("%v: %s", err, out)
		}
	})
}

// fillFileSystem leaves no room on it, emptyFileSystem makes some again.
func (s *stage) fillFileSystem() {
	s.Helper()
	s.on(s.to, "sh", "-c", "! dd if=/dev/zero bs=64k of="+ballast)
}

func (s *stage) emptyFileSystem() {
	s.Helper()
	s.on(s.to, "rm", ballast)
}

// on runs a command on a host.
func (s *stage) on(host *lab.Host, command ...string) {
	s.Helper()
	if out, err := host.Command(s.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
		s.Fatalf("%s: %v: %s", command, err, out)
	}
}

// localPool is the pool of disks that each host has for itself.
const localPool = "local"

// addPools gives both hosts a pool for the guest's disk, until the test ends.
func (s *stage) addPools() {
	s.Helper()
	for _, host := range []*lab.Host{s.from, s.to} {
		s.virsh(host, "pool-define-as", localPool, "dir", "--target", lab.LocalImages)
		s.virsh(host, "pool-start", localPool)
		s.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), patience)
			defer cancel()
			for _, command := range []string{"pool-destroy", "pool-undefine"} {
				if _, err := host.Virsh(ctx, command, localPool); err != nil {
					s.Error(err)
				}
			}
		})
	}
}

// mirrored is how much of the guest's disk has been copied, in MiB, before any memory was sent.
func (s *stage) mirrored() float64 {
	info, err := s.from.Virsh(s.Context(), "domjobinfo", s.guest.UUID, "--rawstats")
	if err != nil || !strings.Contains(info, "memory_total: 0\n") {
		return 0
	}
	_, copied, _ := strings.Cut(info, "disk_processed: ")
	copied, _, _ = strings.Cut(copied, "\n")
	bytes, _ := strconv.ParseFloat(copied, 64)
	return bytes / (1 << 20)
}

// judgeDisk wants every write that the guest has reported on the disk that it has in the end.
func (s *stage) judgeDisk(last reality) {
	s.Helper()
	host := s.from
	if last.destination.runs() {
		host = s.to
	}
	problems, compared, err := s.guest.Unwritten(s.Context(), host)
	if err != nil || len(problems) > 0 || compared == 0 {
		s.Errorf("of %d sectors that the guest has written %d are not as they were written, on %s: %v %v",
			compared, len(problems), host.Name, problems, err)
	}
}

// judgeVolume wants the error of a failed move to name the half-written volume on the destination, if it is still there.
func (s *stage) judgeVolume(v verdict) {
	s.Helper()
	path := s.guest.Disks()[0].Path
	if _, err := os.Stat(s.to.Inside(path)); err == nil && v.code == 1 && v.last.whereabouts() == onSource && !strings.Contains(v.claim.text, path) {
		s.Errorf("the volume %s is left on the destination, and Terraform does not say so", path)
	}
}
