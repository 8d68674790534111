//go:build lab

package provider_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccRefused_auto goes direct whatever peer-to-peer is refused for before anything was
// sent, and says why. It runs alone: it hides a program.
func TestAccRefused_auto(t *testing.T) {
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	for name, test := range map[string]struct {
		peer    string
		arrange func(t *testing.T)
	}{
		"nobody listens":           {peer: "qemu+tcp://10.77.0.12:1/system"},
		"the name does not exist":  {peer: "qemu+tcp://no.such.host.invalid/system"},
		"TLSPEER":                  {peer: "qemu+tls://kvm2/system"}, // the hosts' libvirt has no client certificate
		"the host has no ssh":      {"qemu+ssh://root@kvm2/system", func(t *testing.T) { hideSSH(t, kvm1) }},
		"ssh refuses the login":    {peer: "qemu+ssh://nobody@kvm2/system"},
		"no such way to a libvirt": {peer: "qemu+libssh2://root@kvm2/system?known_hosts=/none&sshauth=none"},
	} {
		t.Run(name, func(t *testing.T) {
			guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
			if test.arrange != nil {
				test.arrange(t)
			}
			block := labProvider(t)
			there := block.Hosts["kvm2"]
			there.PeerURI = test.peer
			block.Hosts["kvm2"] = there
			w := newWorkspace(t, block.String()+moveResource(guest.Name, ``))
			r := w.must(t, 0, apply...)
			t.Log(r)
			if !sayingAll("Peer-to-peer was refused before anything was sent", "libvirt on kvm1").MatchString(r.stdout) {
				t.Errorf("the reason is not told: %s", r)
			}
			last, ok := w.attributes(t, "virt_vm_live_migration.move")["last_migration"].(map[string]any)
			if !ok || last["mode"] != "direct" {
				t.Errorf("last_migration %v", last)
			}
			requireHome(t, guest, "kvm2", "running")
		})
	}
}

// TestAccRefused_unforeseen is refused for a reason that no check before the move sees, which
// is told once, of the host that it is about.
func TestAccRefused_unforeseen(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, Parts: []lab.Part{lab.CDROM{}}})
	kvm2 := world.Host("kvm2")
	if err := errors.Join(kvm2.Hide(guest.ISO()), os.Mkdir(kvm2.File(guest.ISO()), 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(kvm2.File(guest.ISO())) })
	w := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, ``))
	r := w.must(t, 1, apply...)
	t.Log(r)
	if !sayingAll("kvm2 ended", "VM "+guest.Name+" is running on kvm1").MatchString(r.stderr) {
		t.Errorf("the reason is not told: %s", r)
	}
	if n := strings.Count(r.stderr, "regular file"); n != 1 {
		t.Errorf("it is told %d times: %s", n, r)
	}
	requireStayed(t, world, guest)
}

// TestAccRefused_others meets what others do in mid-move.
func TestAccRefused_others(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	fast := func(t *testing.T, guest *lab.Guest) { kvm1.MustVirsh(t, "migrate-setspeed", guest.Name, "1000") }
	for name, test := range map[string]struct {
		act  func(t *testing.T, guest *lab.Guest)
		code int
		says []string
	}{
		"SUSPENDED": {
			act: func(t *testing.T, guest *lab.Guest) {
				kvm1.MustVirsh(t, "suspend", guest.Name)
				time.Sleep(3 * time.Second) // as long as somebody looks at what it does
				fast(t, guest)
			},
			says: []string{"Somebody seems to have suspended the VM on kvm1 while it was being moved", "virsh suspend"},
		},
		"left alone": {act: fast},
		"destroyed": {
			act:  func(t *testing.T, guest *lab.Guest) { kvm1.MustVirsh(t, "destroy", guest.Name) },
			code: 1, says: []string{"Somebody ended the VM on kvm1 while it was being moved", "virsh start"},
		},
		"POWEROFF": {
			act: func(t *testing.T, guest *lab.Guest) { // for libvirt as if the guest did it
				for _, process := range guest.Processes() {
					if process.Host == "kvm1" {
						if err := syscall.Kill(process.PID, syscall.SIGTERM); err != nil {
							t.Error(err)
						}
					}
				}
			},
			code: 1, says: []string{"The guest shut itself down on kvm1 while it was being moved", "virsh start"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guest := world.StartGuest(t, lab.GuestSpec{})
			w := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, slowMove))
			r := w.start(t, apply...)
			awaitMove(t, guest, r)
			test.act(t, guest)
			got := r.wait(t, 2*time.Minute)
			t.Log(got)
			if got.code != test.code {
				t.Fatalf("code %d, want %d: %s", got.code, test.code, got)
			}
			if len(test.says) > 0 && !sayingAll(test.says...).MatchString(got.stdout+got.stderr) {
				t.Errorf("it is not told: %s", got)
			}
			if suspended := strings.Contains(got.stdout, "Somebody seems to have suspended"); suspended != (name == "SUSPENDED") {
				t.Errorf("a suspend is told: %t", suspended)
			}
		})
	}
}

// TestAccRefused_moving plans a move while somebody else moves the VM away from where it
// is to be.
func TestAccRefused_moving(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Host: "kvm2"})
	w := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, ``))
	w.must(t, 0, apply...)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	kvm2.MustVirsh(t, "migrate-setspeed", guest.Name, "1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = kvm2.Virsh(ctx, "migrate", "--live", "--p2p", "--bandwidth", "1", guest.Name, kvm1.PeerURI, kvm1.MigrationURI)
	}()
	defer func() {
		_, _ = kvm2.Virsh(context.WithoutCancel(ctx), "domjobabort", guest.Name)
		cancel()
		<-ended
	}()
	eventually(t, 30*time.Second, "it is being moved away", func() bool {
		info, err := kvm2.Virsh(t.Context(), "domjobinfo", guest.Name)
		return err == nil && strings.Contains(info, "Memory processed")
	})
	r := w.must(t, 0, "plan", "-input=false", "-detailed-exitcode")
	t.Log(r)
	if !sayingAll("VM Is Being Migrated", "and a migration of it to kvm1 was under way").MatchString(r.stdout) {
		t.Errorf("it is not told: %s", r)
	}
}

func hideSSH(t *testing.T, h *lab.Host) {
	t.Helper()
	if err := h.HideProgram(t.Context(), "ssh"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.ShowProgram(context.WithoutCancel(t.Context()), "ssh"); err != nil {
			t.Error(err)
		}
	})
}
