//go:build lab

package fleet

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestFind_names finds VMs by names that are written in more than one way.
func TestFind_names(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	start := func(spec lab.GuestSpec) *lab.Guest {
		spec.Bare, spec.State = true, lab.Inactive
		return world.StartGuest(t, spec)
	}
	named := start(lab.GuestSpec{Name: likeUUID, Host: "kvm2"})
	owner := start(lab.GuestSpec{UUID: sharedUUID, Host: "kvm3"})
	start(lab.GuestSpec{Name: sharedUUID})
	accented := start(lab.GuestSpec{Name: decomposed, Host: "kvm2"})
	exact := start(lab.GuestSpec{Name: composed + "-2", Host: "kvm2"})
	start(lab.GuestSpec{Name: decomposed + "-2"})
	start(lab.GuestSpec{Name: norm.NFD.String("ü") + "é-3"})
	start(lab.GuestSpec{Name: "ü" + norm.NFD.String("é") + "-3", Host: "kvm2"})
	f := open(t, labConfig(t, UnreachableError))
	for name, test := range map[string]struct{ vm, want string }{
		"a name like a UUID":                                           {likeUUID, named.UUID},
		"a UUID that another VM is named by":                           {sharedUUID, owner.UUID},
		"the same in capitals":                                         {strings.ToUpper(sharedUUID), owner.UUID},
		"an accent that the name has in two runes":                     {composed, accented.UUID},
		"the name as it is":                                            {decomposed, accented.UUID},
		"exactly that name, although another host has it in two runes": {composed + "-2", exact.UUID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := f.Find(testContext(t), test.vm, "")
			if err != nil || got.Domain.UUID != test.want {
				t.Errorf("%s is found as %s, error %v; want %s", test.vm, got.Domain.UUID, err, test.want)
			}
		})
	}
	t.Run("two of that name, and none exactly so", func(t *testing.T) {
		t.Parallel()
		_, err := f.Find(testContext(t), norm.NFC.String("üé-3"), "")
		var ambiguous *AmbiguousNameError
		if !errors.As(err, &ambiguous) || len(ambiguous.Seen) != 2 {
			t.Errorf("error %v, want an AmbiguousNameError of two", err)
		}
	})
	t.Run("in capitals it is another name", func(t *testing.T) {
		t.Parallel()
		_, err := f.Find(testContext(t), strings.ToUpper(likeUUID), "")
		var notFound *NotFoundError
		if !errors.As(err, &notFound) {
			t.Errorf("error %v, want a NotFoundError", err)
		}
	})
	t.Run("by UUID alone", func(t *testing.T) {
		t.Parallel()
		_, err := f.FindUUID(testContext(t), likeUUID, "")
		var notFound *NotFoundError
		if !errors.As(err, &notFound) {
			t.Errorf("error %v, want a NotFoundError: what is known by its UUID is never looked for by name", err)
		}
	})
}

// TestFind_namesUnseen looks for such names while a host is down that may have
// the VM.
func TestFind_namesUnseen(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Name: decomposed + "-4", Bare: true})
	f := open(t, labConfig(t, UnreachableWarn, "kvm3"))
	for vm, want := range map[string]string{
		composed + "-4":     guest.UUID,
		composed + "-5":     "",
		likeUUID[:35] + "0": "",
	} {
		got, err := f.Find(testContext(t), vm, "")
		var unseen *UnseenError
		switch {
		case want == "" && !errors.As(err, &unseen):
			t.Errorf("%s: error %v, want an UnseenError", vm, err)
		case want != "" && (err != nil || got.Domain.UUID != want):
			t.Errorf("%s is found as %s, error %v; want %s", vm, got.Domain.UUID, err, want)
		}
	}
}

// TestFind_leftBehind looks for a VM that has left a definition behind, while the
// host that it is on is down.
func TestFind_leftBehind(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	moved, defined := world.StartGuest(t, lab.GuestSpec{Bare: true}), world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	kvm3 := world.Host("kvm3")
	world.Host("kvm1").MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", moved.Name, kvm3.PeerURI, kvm3.MigrationURI)
	f := open(t, labConfig(t, UnreachableWarn, "kvm3"))
	for name, test := range map[string]struct {
		uuid, last string
		unseen     bool
	}{
		"migrated away":                    {moved.UUID, "", true},
		"shut off":                         {defined.UUID, "", false},
		"shut off, last seen there":        {defined.UUID, "kvm1", false},
		"shut off, last seen on the other": {defined.UUID, "kvm3", true},
	} {
		t.Run(name, func(t *testing.T) {
			for what, err := range map[string]error{
				"find": func() error { _, err := f.FindUUID(testContext(t), test.uuid, test.last); return err }(),
				"update": func() error {
					_, err := f.UpdateVM(testContext(t), test.uuid, test.last, Declaration{Policy: downtime(400)})
					return err
				}(),
				"delete": func() error { _, _, err := f.DeleteVM(testContext(t), test.uuid, test.last, Declaration{}); return err }(),
			} {
				var unseen *UnseenError
				if got := errors.As(err, &unseen); got != test.unseen || !got && err != nil {
					t.Errorf("%s: error %v, want an UnseenError: %v", what, err, test.unseen)
				}
			}
		})
	}
}
