package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"
)

// HugePages backs a guest's memory by huge pages of 2 MiB, which [ReserveHugePages] reserves.
type HugePages struct{}

func (HugePages) describe(_ *Guest, domain *libvirtxml.Domain) {
	domain.MemoryBacking = &libvirtxml.DomainMemoryBacking{MemoryHugePages: &libvirtxml.DomainMemoryHugepages{}}
}

// hugePagesMount is where every host's libvirtd and QEMU find huge pages.
var hugePagesMount = filepath.Join(directory, "hugepages")

// reservation is the kernel's number of huge pages of 2 MiB. It is the machine's, not the lab's.
const reservation = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

// ErrNoHugePages tells that this machine's kernel reserved fewer huge pages than were asked for.
var ErrNoHugePages = errors.New("no huge pages")

// ReserveHugePages reserves huge pages of 2 MiB, beside those that the machine has, until the test ends. All hosts of
// the lab share them. The error is [ErrNoHugePages] where the kernel or the user's rights do not allow it.
func ReserveHugePages(t testing.TB, mib int) error {
	t.Helper()
	before, err := reserved()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoHugePages, err)
	}
	want := before + mib/2
	t.Cleanup(func() {
		if err := reserve(before); err != nil && !errors.Is(err, os.ErrPermission) {
			t.Error(err)
		}
	})
	if err := reserve(want); err != nil {
		return fmt.Errorf("%w: %w", ErrNoHugePages, err)
	}
	got, err := reserved()
	if err == nil && got < want {
		err = fmt.Errorf("%w: the kernel has %d of 2 MiB, want %d", ErrNoHugePages, got, want)
	}
	return err
}

func reserve(pages int) error { return os.WriteFile(reservation, []byte(strconv.Itoa(pages)), 0) }

func reserved() (int, error) {
	content, err := os.ReadFile(reservation)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(content)))
}

// mountHugePages makes the mount, where the kernel and the user's rights allow it.
func mountHugePages(ctx context.Context) error {
	if err := os.Mkdir(hugePagesMount, 0o755); err != nil {
		return err
	}
	if run(ctx, "mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "lab", hugePagesMount) != nil {
		return os.Remove(hugePagesMount)
	}
	return nil
}

// hugePagesSetting is qemu.conf's hugetlbfs_mount: empty turns huge pages off.
func hugePagesSetting() string {
	if _, err := os.Stat(hugePagesMount); err != nil {
		return ""
	}
	return hugePagesMount
}
