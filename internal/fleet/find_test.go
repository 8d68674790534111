//go:build lab

package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestFind(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	for name, spec := range map[string]lab.GuestSpec{
		"running":   {Bare: true, Host: "kvm2"},
		"paused":    {Bare: true, State: lab.Paused},
		"shut off":  {Bare: true, Host: "kvm3", State: lab.Inactive},
		"transient": {Bare: true, Transient: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guest := world.StartGuest(t, spec)
			for _, vm := range []string{guest.Name, guest.UUID} {
				got, err := f.Find(testContext(t), vm, "")
				if err != nil {
					t.Fatal(err)
				}
				if got.Host != guest.Spec.Host || got.Domain.UUID != guest.UUID || got.Domain.Name != guest.Name {
					t.Errorf("%s is found as %+v", vm, got)
				}
				if len(got.Leftovers)+len(got.Paused)+len(got.Unseen) > 0 || got.FetchesFrom != "" {
					t.Errorf("more is found than there is: %+v", got)
				}
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	t.Parallel()
	var (
		notFound *NotFoundError
		unseen   *UnseenError
		down     *HostsDownError
	)
	for name, test := range map[string]struct {
		config Config
		want   any
	}{
		"all were asked":           {labConfig(t, UnreachableError), &notFound},
		"one is down":              {labConfig(t, UnreachableError, "kvm2"), &down},
		"one is down, and may be":  {labConfig(t, UnreachableWarn, "kvm2"), &unseen},
		"all are down, and may be": {labConfig(t, UnreachableWarn, all...), &unseen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, test.config)
			for _, vm := range []string{"nobody", "00000000-0000-4000-8000-000000000000"} {
				if _, err := f.Find(testContext(t), vm, "kvm1"); err == nil || !errors.As(err, test.want) {
					t.Errorf("%s: error %v, want a %T", vm, err, test.want)
				}
			}
		})
	}
}

func TestFindLeftoverDefinitions(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"})
	world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm1", UUID: guest.UUID, State: lab.Inactive})
	got, err := open(t, labConfig(t, UnreachableError)).Find(testContext(t), guest.UUID, "kvm1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kvm2", "[kvm1]"}, []string{got.Host, fmt.Sprint(got.Leftovers)}); diff != "" {
		t.Errorf("home and leftovers (-want +got):\n%s", diff)
	}
}

func TestFindTellsOneHostUnderTwoNames(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	config := labConfig(t, UnreachableError)
	config.Hosts = append(config.Hosts, host.Config{Name: "kvm1b", URI: world.Host("kvm1").SocketURI})
	_, err := open(t, config).Find(testContext(t), guest.Name, "")
	var same *SameHostError
	if !errors.As(err, &same) || same.Names != [2]string{"kvm1", "kvm1b"} {
		t.Errorf("error %v, want a SameHostError of kvm1 and kvm1b", err)
	}
}

// TestRosterTellsTwoHostsOfOneUUID gives a host the UUID of another one, as firmware does
// that has the same UUID for every machine. It runs alone.
func TestRosterTellsTwoHostsOfOneUUID(t *testing.T) {
	world := testLab(t)
	kvm2 := world.Host("kvm2")
	file := filepath.Join(kvm2.Directory, "etc", "libvirtd.conf")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set := func(ctx context.Context, content string) {
		if err := errors.Join(os.WriteFile(file, []byte(content), 0o644), kvm2.Restart(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { set(context.WithoutCancel(t.Context()), string(before)) })
	set(t.Context(), strings.ReplaceAll(string(before), kvm2.UUID, world.Host("kvm1").UUID))
	_, err = open(t, labConfig(t, UnreachableError)).Roster(testContext(t), nil)
	var same *SameUUIDError
	if !errors.As(err, &same) || same.Names != [2]string{"kvm1", "kvm2"} || same.Hostnames[0] == same.Hostnames[1] {
		t.Errorf("error %v, want a SameUUIDError of kvm1 and kvm2", err)
	}
}

// TestFindInMidMove moves a guest and looks for it all the while: it is always
// found, and nowhere else than on one of the two.
func TestFindInMidMove(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 32, RateMiB: 1}})
	f := open(t, labConfig(t, UnreachableError))
	kvm2 := world.Host("kvm2")
	moved := make(chan error, 1)
	go func() {
		_, err := world.Host("kvm1").Virsh(t.Context(), "migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--bandwidth", "1",
			guest.Name, kvm2.PeerURI, kvm2.MigrationURI)
		moved <- err
	}()
	seen := map[string]int{}
	incoming, hurried := 0, false
	for arrived := false; !arrived; {
		select {
		case err := <-moved:
			if err != nil {
				t.Fatal(err)
			}
			arrived = true
		default:
		}
		h, err := f.host("kvm2")
		if err != nil {
			t.Fatal(err)
		}
		if domain, err := h.Domain(testContext(t), guest.UUID); err == nil && domain.State == migration.StateIncoming {
			if incoming++; incoming >= 5 && !hurried && sendsMemory(t, guest, "kvm1") {
				world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "20")
				hurried = true
			}
		}
		found, err := f.Find(testContext(t), guest.UUID, "kvm1")
		if err != nil {
			t.Fatalf("after %v: %v", seen, err)
		}
		if _, err := f.ReadVM(testContext(t), guest.UUID, "kvm1"); err != nil {
			t.Fatalf("after %v: %v", seen, err)
		}
		seen[found.Host]++
	}
	if incoming == 0 || seen["kvm1"] == 0 || seen["kvm2"] == 0 || len(seen) != 2 {
		t.Errorf("the VM was found on %v, its incoming domain %d times", seen, incoming)
	}
}

// TestFindInTransit sees only the incoming domain of a migration, because the host
// that it comes from is not among the fleet's.
func TestFindInTransit(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 32, RateMiB: 1}})
	config := labConfig(t, UnreachableError)
	config.Hosts = config.Hosts[1:]
	f := open(t, config)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	moved := make(chan error, 1)
	go func() {
		_, err := kvm1.Virsh(t.Context(), "migrate", "--live", "--p2p", "--bandwidth", "1", guest.Name, kvm2.PeerURI, kvm2.MigrationURI)
		moved <- err
	}()
	eventually(t, "the VM is being received", func() bool {
		h, err := f.host("kvm2")
		if err != nil {
			t.Fatal(err)
		}
		domain, err := h.Domain(testContext(t), guest.UUID)
		return err == nil && domain.State == migration.StateIncoming
	})
	_, err := f.Find(testContext(t), guest.UUID, "")
	var transit *InTransitError
	if !errors.As(err, &transit) {
		t.Errorf("error %v, want an InTransitError", err)
	}
	kvm1.MustVirsh(t, "domjobabort", guest.Name)
	if err := <-moved; err == nil {
		t.Error("the migration was not aborted")
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx := testContext(t)
	for !holds() {
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			t.Fatalf("it never holds that %s", what)
		}
	}
}
