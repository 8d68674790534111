//go:build lab

package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// documentedRule is the rule that the documentation gives to those who do not want the provider to be root. It is for
// the user that the lab has.
func documentedRule(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../templates/guides/connections.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```javascript\n")
	rule, _, found := strings.Cut(rest, "```")
	if !found || !strings.Contains(rule, `"terraform"`) {
		t.Fatalf("the guide has no rule for the user terraform: %s", rule)
	}
	return strings.ReplaceAll(rule, `"terraform"`, `"`+lab.Visitor+`"`)
}

// listed is a permission in the rule.
var listed = regexp.MustCompile(`(?m)^ *"([a-z-]+\.[a-z-]+)",?$`)

// All that the provider does can be done by a user who may do no more than the documented rule says, and the rule says
// no more than that.
func TestLeastPrivilege(t *testing.T) {
	w := world(t)
	if uuid := os.Getenv(sessionVariable); uuid != "" {
		everything(t, w, uuid)
		return
	}
	rule := documentedRule(t)
	guest := w.StartGuest(t, lab.IdleGuest(""))
	furnish(t, w.Hosts[1])
	dig(t, w.Hosts[1])
	asked := w.UsePolkit(t, rule)
	output, err := asVisitor(t.Context(), t, map[string]string{sessionVariable: guest.UUID},
		copyOfThisProgram(t), "-test.run=^TestLeastPrivilege$", "-test.v").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	// Polkit knows nobody by a certificate or an address.
	for _, uri := range []string{w.Hosts[0].URI, w.Hosts[0].TLSURI} {
		unreachable(t, uri, "libvirt refused: access denied")
	}
	want := []string{"org.libvirt.unix.manage"}
	for _, l := range listed.FindAllStringSubmatch(rule, -1) {
		want = append(want, "org.libvirt.api."+l[1])
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, asked()); diff != "" {
		t.Errorf("the rule (-) and what is needed (+) differ:\n%s", diff)
	}
}

// emptyCheckpoint is one of no disk: libvirt does not compare it with the domain's.
var emptyCheckpoint = migration.Checkpoint{
	Name: "c", XML: "<domaincheckpoint><name>c</name><creationTime>1</creationTime></domaincheckpoint>",
}

// everything does, as a user without privileges, all that the provider ever does.
func everything(t *testing.T, w *lab.World, uuid string) {
	t.Helper()
	kvm1 := open(t, host.Config{Name: "kvm1", URI: w.Hosts[0].SocketURI})
	kvm2 := open(t, host.Config{Name: "kvm2", URI: w.Hosts[1].SocketURI, PeerURI: "qemu+ssh://visitor@kvm2/system"})
	ctx := testContext(t)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, h := range []*host.Host{kvm1, kvm2} {
		_, err := h.Identity(ctx)
		must("identity", err)
		_, err = h.Memory(ctx)
		must("memory", err)
		_, err = h.CPUTime(ctx)
		must("CPU time", err)
		_, err = h.VCPUTimes(ctx)
		must("CPU time of the domains", err)
		for _, level := range []host.Level{host.Global, host.Cluster, host.Itself} {
			must("write record", h.WriteRecord(ctx, level, document))
			_, err = h.Record(ctx, level)
			must("record", err)
			must("delete record", h.DeleteRecord(ctx, level))
		}
	}
	leases(ctx, t, kvm2)
	questions(ctx, t, kvm2)
	volumes(ctx, t, kvm2)
	d, err := kvm1.Domain(ctx, uuid)
	must("domain", err)
	_, err = kvm1.DomainNames(ctx)
	must("domain names", err)
	_, err = kvm1.Domains(ctx)
	must("domains", err)
	_, err = kvm1.DomainByName(ctx, d.Name)
	must("domain by name", err)
	must("write", wrote(ctx, kvm1, uuid, document))
	_, err = kvm1.DomainRecord(ctx, uuid)
	must("read", err)
	must("delete", kvm1.DeleteDomainRecord(ctx, uuid, host.DomainDocument{}))
	definition, err := kvm1.DomainXML(ctx, uuid)
	must("definition", err)
	_, err = kvm1.LiveXML(ctx, uuid)
	must("live definition", err)
	must("compare CPU", compareCPU(t, kvm2, definition))
	_, err = kvm1.Job(ctx, uuid)
	must("job", err)
	_, err = kvm1.Usage(ctx, uuid)
	must("usage", err)
	_, err = kvm1.DirtyRate(ctx, uuid, host.ShortestDirtyWindow)
	must("dirty rate", err)
	must("managed save", kvm1.ManagedSave(ctx, uuid))
	must("start", kvm1.Start(ctx, uuid))
	must("shut down", kvm1.ShutDown(ctx, uuid)) // the guest does not hear it
	must("suspend", kvm1.Suspend(ctx, uuid))
	must("resume", kvm1.Resume(ctx, uuid))
	must("limit the bandwidth", kvm1.SetMaxSpeed(ctx, uuid, 4000))
	must("set downtime", kvm1.SetMaxDowntime(ctx, uuid, 400))
	_, err = kvm1.MaxDowntime(ctx, uuid)
	must("downtime", err)
	must("set autostart", kvm1.SetAutostart(ctx, uuid, migration.Autostart{Always: true, Once: true}))
	_, err = kvm1.Autostart(ctx, uuid)
	must("autostart", err)
	_, err = kvm1.HasManagedSave(ctx, uuid)
	must("managed-save image", err)
	_, err = kvm1.Checkpoints(ctx, uuid)
	must("checkpoints", err)
	must("redefine a checkpoint", kvm1.RedefineCheckpoint(ctx, uuid, emptyCheckpoint))
	if err := kvm1.AbortJob(ctx, uuid); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("abort: %v", err)
	}
	if err := kvm1.StartPostCopy(ctx, uuid); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("post-copy: %v", err)
	}
	p := migration.Parameters{Persistent: true, Policy: told(policy.Policy{AutoConverge: new(true)}), MigrationURI: w.Hosts[1].MigrationURI}
	must("migrate", kvm1.MigratePeerToPeer(ctx, uuid, kvm2.PeerURI(), p))
	_, err = kvm2.CompletedJob(ctx, uuid)
	must("completed job", err)

	back := &steps{t: t, source: kvm2, destination: kvm1, guest: &lab.Guest{UUID: uuid, Name: d.Name}, p: p}
	back.p.MigrationURI = w.Hosts[0].MigrationURI
	back.do(back.begin, back.prepare, back.perform, func() error { return back.finish(false) }, func() error { return back.confirm(false) })
}

// leases takes a lease, looks for it and ends it.
func leases(ctx context.Context, t *testing.T, h *host.Host) {
	t.Helper()
	l := host.Lease{UUID: "6c616273-0000-4000-8000-000000000003", Name: "virt-lease-out-1"}
	taken := h.TakeLease(ctx, l, "for a test")
	all, listed := h.Leases(ctx)
	said, read := h.LeaseDescription(ctx, l)
	if err := errors.Join(taken, listed, read, h.EndLease(ctx, l)); err != nil {
		t.Error(err)
	}
	if !slices.Equal(all, []host.Lease{l}) || said == nil || *said != "for a test" {
		t.Errorf("leases %v, which say %v", all, said)
	}
}

// furnished is a disk in the list of the lab's pool.
const furnished = lab.Images + "/furnished.raw"

// furnishedSecret is a secret of a disk.
const furnishedSecret = "6c616273-0000-4000-8000-000000000002"

// furnish gives a host the disk, a secret and a network filter. It has a network and a pool.
func furnish(t *testing.T, l *lab.Host) {
	t.Helper()
	l.MustVirsh(t, "nwfilter-define", define(t, `<filter name="lan"/>`))
	undo(t, l, "nwfilter-undefine", "lan")
	l.MustVirsh(t, "secret-define", define(t, "<secret ephemeral='no'><uuid>"+furnishedSecret+"</uuid></secret>"))
	undo(t, l, "secret-undefine", furnishedSecret)
	l.MustVirsh(t, "vol-create-as", lab.Pool, filepath.Base(furnished), "4096")
	undo(t, l, "vol-delete", "--pool", lab.Pool, filepath.Base(furnished))
}

// deep is a link to a directory that is so far down that a question about it makes a pool.
const deep = "/var/lib/libvirt/deep"

// dig makes the directory, and the one that the pool is of.
func dig(t *testing.T, l *lab.Host) {
	t.Helper()
	const top = deep + "-top"
	bottom := top + strings.Repeat("/d", 64+strings.Count(deep, "/")) // as far as the question climbs
	t.Cleanup(func() { _, _ = os.Remove(l.File(deep)), os.RemoveAll(l.File(top)) })
	if err := errors.Join(
		os.MkdirAll(l.File(top+"/dev/null"), 0o755), os.MkdirAll(l.File(bottom), 0o755), os.Symlink(bottom, l.File(deep)),
	); err != nil {
		t.Fatal(err)
	}
}

// questions asks a host all that a preflight may ask of a destination.
func questions(ctx context.Context, t *testing.T, h *host.Host) {
	t.Helper()
	_, devices := h.NetworkDevices(ctx)
	_, device := h.HasNodeDevice(ctx, "net_lo_00_00_00_00_00_00")
	_, networks := h.Networks(ctx)
	_, filter := h.HasNetworkFilter(ctx, "lan")
	_, secret := h.HasSecret(ctx, furnishedSecret)
	pools, listed := h.Pools(ctx)
	_, path := h.PathInPools(ctx, furnished)
	_, volume := h.VolumeInPool(ctx, pools[0], filepath.Base(furnished))
	_, there := h.HasPath(ctx, lab.Images)
	_, below := h.HasPath(ctx, deep)
	_, machine := h.DomainCapabilities(ctx, preflight.Machine{Emulator: lab.Emulator})
	capabilities, err := h.Capabilities(ctx)
	_, pages := h.FreePages(ctx, []uint64{2048})
	_, neighbours := h.Neighbours(ctx)
	if err := errors.Join(
		devices, device, networks, filter, secret, listed, path, volume, there, below, machine, err, pages, neighbours,
		h.CompareHostCPU(ctx, capabilities.CPU),
	); err != nil {
		t.Error(err)
	}
}

// volumes makes a volume, looks at it and removes it, as a move does that copies disks.
func volumes(ctx context.Context, t *testing.T, h *host.Host) {
	t.Helper()
	pools, err := h.Pools(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	v := storage.Volume{Name: "copied.raw", Path: lab.Images + "/copied.raw", Format: "raw", Capacity: 4096}
	_, available := h.PoolAvailable(ctx, pools[0])
	created := h.CreateVolume(ctx, pools[0], v)
	_, there := h.VolumeByPath(ctx, v.Path)
	_, users := h.VolumeUsers(ctx, v)
	if err := errors.Join(available, h.RefreshPool(ctx, pools[0]), created, there, users, h.DeleteVolume(ctx, pools[0], v.Name)); err != nil {
		t.Error(err)
	}
}
