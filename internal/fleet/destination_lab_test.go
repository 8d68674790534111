//go:build lab

package fleet

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// defect is something that the destination of a move lacks.
type defect struct {
	// plant makes it for a guest on kvm1 that is to move to kvm2, and returns what mends it.
	plant func(t *testing.T, kvm2 *lab.Host, guest *lab.Guest) (mend func() error)
	fact  migration.Fact
	// device begins the name of the device that is at fault.
	device string
	// read is true where a check tells that is not thorough.
	read bool
}

// after is a context for what ends a test.
func after(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// drop plants by a function of the host, and mends by another.
func drop(spoil, mend func(*lab.Host, context.Context) error) func(*testing.T, *lab.Host, *lab.Guest) func() error {
	return func(t *testing.T, kvm2 *lab.Host, _ *lab.Guest) func() error {
		t.Helper()
		if err := spoil(kvm2, testContext(t)); err != nil {
			t.Fatal(err)
		}
		return func() error { return mend(kvm2, after(t)) }
	}
}

// hide takes a file of the guest from kvm2.
func hide(file func(*lab.Guest) string) func(*testing.T, *lab.Host, *lab.Guest) func() error {
	return func(t *testing.T, kvm2 *lab.Host, guest *lab.Guest) func() error {
		t.Helper()
		path := file(guest)
		if err := kvm2.Hide(path); err != nil {
			t.Fatal(err)
		}
		return func() error { return os.Link(testLab(t).Host("kvm1").File(path), kvm2.File(path)) }
	}
}

// occupy starts another, paused domain on kvm2.
func occupy(name func(*lab.Guest) string, devices string) func(*testing.T, *lab.Host, *lab.Guest) func() error {
	return func(t *testing.T, kvm2 *lab.Host, guest *lab.Guest) func() error {
		t.Helper()
		id := uuid.NewString()
		definition := fmt.Sprintf(`<domain type="qemu"><name>%s</name><uuid>%s</uuid><memory unit="MiB">32</memory>
			<os><type arch="x86_64">hvm</type></os><devices><emulator>%s</emulator>%s</devices></domain>`,
			name(guest), id, lab.Emulator, devices)
		file := filepath.Join(t.TempDir(), "domain.xml")
		if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
			t.Fatal(err)
		}
		kvm2.MustVirsh(t, "create", "--paused", file)
		return func() error {
			_, err := kvm2.Virsh(after(t), "destroy", id)
			return err
		}
	}
}

// What the destination lacks is found before a move, on the right host and device; once it
// is mended, nothing is found.
func TestAssess_defects(t *testing.T) {
	w := testLab(t)
	other := func(*lab.Guest) string { return "other" }
	disk := func(g *lab.Guest) string { return g.Disks()[0].Path }
	typical := lab.Typical("")
	emulated := lab.GuestSpec{Emulator: lab.OtherEmulator}
	listening := lab.GuestSpec{}.With(lab.VNC{Listen: w.Hosts[0].Address})
	ported := lab.GuestSpec{}.With(lab.VNC{Port: 5988})
	for _, group := range []struct {
		spec    lab.GuestSpec
		defects map[string]defect
	}{
		{typical, map[string]defect{
			"no bridge": {
				drop((*lab.Host).DropBridge, (*lab.Host).RestoreBridge), preflight.BridgeMissing{}, "interface", true,
			},
			"network not active": {
				drop((*lab.Host).StopNetwork, (*lab.Host).RestoreNetwork), preflight.NetworkInactive{}, "interface", true,
			},
			"no network": {
				drop((*lab.Host).DropNetwork, (*lab.Host).RestoreNetwork), preflight.NetworkMissing{}, "interface", true,
			},
			"no ISO":     {hide((*lab.Guest).ISO), preflight.PathMissing{}, "cdrom", false},
			"no disk":    {hide(disk), preflight.PathMissing{}, "disk", false},
			"name taken": {occupy(func(g *lab.Guest) string { return g.Name }, ""), preflight.NameTaken{}, "", true},
		}},
		{emulated, map[string]defect{"no emulator": {
			drop(func(h *lab.Host, _ context.Context) error { return h.DropEmulator() },
				func(h *lab.Host, _ context.Context) error { return h.AddEmulator() }),
			preflight.EmulatorMissing{},
			"", true,
		}}},
		{listening, map[string]defect{"console on the source's address": {
			func(*testing.T, *lab.Host, *lab.Guest) func() error { return nil }, preflight.ListenElsewhere{}, "graphics", true,
		}}},
		{ported, map[string]defect{"fixed port taken": {
			occupy(other, `<graphics type="vnc" port="5988" listen="0.0.0.0"/>`), preflight.PortTaken{}, "graphics", true,
		}}},
	} {
		spec := group.spec
		spec.State = lab.Paused
		guest := w.StartGuest(t, spec)
		for name, d := range group.defects {
			t.Run(name, func(t *testing.T) { d.try(t, w.Hosts[1], guest) })
		}
	}
}

func (d defect) try(t *testing.T, kvm2 *lab.Host, guest *lab.Guest) {
	mend := d.plant(t, kvm2, guest)
	mended := mend == nil
	defer func() {
		if !mended {
			_ = mend()
		}
	}()
	for _, thorough := range []bool{false, true} {
		a := assess(t, guest, thorough)
		found := slices.DeleteFunc(a.Errors(), func(f migration.Finding) bool { return reflect.TypeOf(f.Fact) != reflect.TypeOf(d.fact) })
		if want := thorough || d.read; want != (len(found) > 0) {
			t.Errorf("thorough %v: found %v, unchecked %v", thorough, a.Findings, a.Unchecked)
		}
		for _, f := range found {
			if f.Host != kvm2.Name || !strings.HasPrefix(f.Device, d.device) || (f.Device == "") != (d.device == "") {
				t.Errorf("found %v on %q, device %q", f, f.Host, f.Device)
			}
		}
		if len(a.Findings) != len(found) {
			t.Errorf("found, besides: %v", a.Findings)
		}
		if len(a.Notable()) > 0 {
			t.Errorf("not checked: %v", a.Notable())
		}
	}
	if mended {
		return
	}
	mended = true
	if err := mend(); err != nil {
		t.Fatal(err)
	}
	good(t, guest)
}

// good wants nothing to speak against a guest's move to kvm2, and every check made.
func good(t *testing.T, guest *lab.Guest) {
	t.Helper()
	if a := assess(t, guest, true); len(a.Findings) > 0 || len(a.Notable()) > 0 {
		t.Errorf("a good pair: findings %v, not checked %v", a.Findings, a.Notable())
	}
}

// assess checks a guest's move from kvm1 to kvm2 with a fleet of its own, which has asked
// nothing before.
func assess(t *testing.T, guest *lab.Guest, thorough bool) preflight.Assessment {
	t.Helper()
	f := open(t, labConfig(t, UnreachableError))
	var a preflight.Assessment
	for range 3 { // libvirt asks a new emulator what it can do, which takes long on a busy machine
		var err error
		_, a, err = f.Assess(testContext(t), Move{VM: guest.UUID, Destination: "kvm2", Thorough: thorough})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(a.Unchecked, func(u preflight.Unchecked) bool { return u.Why == preflight.Late }) {
			break
		}
	}
	return a
}

// Nothing speaks against the moves of guests like people's between hosts that are alike.
func TestAssess_goodPairs(t *testing.T) {
	w := testLab(t)
	for name, spec := range map[string]lab.GuestSpec{
		"idle": {}, "typical": lab.Typical(""), "firmware": lab.Typical("").With(lab.UEFI{}), "TPM": lab.Typical("").With(lab.TPM{}),
		"console on loopback": lab.GuestSpec{}.With(lab.VNC{Listen: "127.0.0.1"}),
		"a fixed port":        lab.GuestSpec{}.With(lab.VNC{Port: 5989}),
	} {
		t.Run(name, func(t *testing.T) {
			spec.State = lab.Paused
			good(t, w.StartGuest(t, spec))
		})
	}
}

// callLimit and timeLimit are what the checks of one VM may cost, beside what is read once
// for a host.
const (
	callLimit = 15
	timeLimit = 150 * time.Millisecond
)

// The checks of a second VM make few calls: what is about the hosts is known.
func TestAssess_cost(t *testing.T) {
	w := testLab(t)
	spec := lab.Typical("")
	spec.State = lab.Paused
	guests := w.StartGuests(t, 2, spec)
	var calls lab.CallCounter
	config := labConfig(t, UnreachableError)
	for i := range config.Hosts {
		config.Hosts[i].URI = w.Hosts[i].CountedURI(t, &calls)
	}
	f := open(t, config)
	assess := func(g *lab.Guest) (int, time.Duration) {
		location, err := f.Find(testContext(t), g.UUID, "")
		if err != nil {
			t.Fatal(err)
		}
		resolution, err := f.Resolve(testContext(t), g.UUID, location.Host, Move{}.Policy)
		if err != nil {
			t.Fatal(err)
		}
		request, _, err := f.request(testContext(t), Move{VM: g.UUID, Destination: "kvm2"}, resolution)
		if err != nil {
			t.Fatal(err)
		}
		calls.Take()
		began := time.Now()
		if a := preflight.Assess(testContext(t), request); len(a.Findings) > 0 {
			t.Errorf("findings: %v", a.Findings)
		}
		took := time.Since(began)
		return calls.TakeAboutVMs(), took
	}
	firstCalls, firstTook := assess(guests[0])
	t.Logf("first VM: %d calls, %v", firstCalls, firstTook)
	const rounds = 5
	fewest, quickest := math.MaxInt, time.Duration(math.MaxInt64)
	for i := range rounds {
		made, took := assess(guests[(i+1)%len(guests)])
		t.Logf("another VM: %d calls, %v", made, took)
		fewest, quickest = min(fewest, made), min(quickest, took)
	}
	if fewest > callLimit || quickest > timeLimit {
		t.Errorf("a VM takes %d calls and %v, more than %d or %v", fewest, quickest, callLimit, timeLimit)
	}
}
