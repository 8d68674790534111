package lab

import (
	"context"
	"fmt"
	"testing"
)

// MustSnapshot takes a snapshot of a guest with a qcow2 disk: an internal one within the disk, or an external one,
// after which the guest writes to an overlay that all hosts share.
func (g *Guest) MustSnapshot(t testing.TB, host *Host, name string, external bool) {
	t.Helper()
	arguments := []string{"snapshot-create-as", g.UUID, name}
	overlay := fmt.Sprintf("%s/%s-%s.%s", Images, g.Name, g.Disks()[0].Target, name)
	if external {
		arguments = append(arguments, "--disk-only", "--diskspec", g.Disks()[0].Target+",file="+overlay)
	}
	host.MustVirsh(t, arguments...)
	if !external {
		return
	}
	if err := g.share(host, overlay); err != nil {
		t.Fatal(err)
	}
}

// MustBlockJob starts a block job that goes on until it is aborted: a copy of the guest's first disk.
func (g *Guest) MustBlockJob(t testing.TB, host *Host) {
	t.Helper()
	target := g.Disks()[0].Target
	mirror := fmt.Sprintf("%s/%s-%s.mirror", LocalImages, g.Name, target)
	g.files = append(g.files, mirror)
	host.MustVirsh(t, "blockcopy", g.UUID, target, "--dest", mirror, "--format", "raw", "--transient-job")
}

// EndBlockJob ends a [Guest.MustBlockJob]; the guest stays on its disk.
func (g *Guest) EndBlockJob(ctx context.Context, host *Host) error {
	_, err := host.Virsh(ctx, "blockjob", g.UUID, g.Disks()[0].Target, "--abort")
	return err
}
