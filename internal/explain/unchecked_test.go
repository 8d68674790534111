package explain

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestUnchecked(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]preflight.Unchecked{
		"the two hosts have not both answered as two.":                        {Why: preflight.Unanswered},
		"VM web does not run on kvm1 as it would have to.":                    {Why: preflight.Unfit},
		"a job runs on VM web.":                                               {Why: preflight.UnderWay},
		"the definition of VM web could not be read on kvm1: internal error.": {Why: preflight.Unread, Host: "kvm1", Err: errors.New("internal error")},
		"the connection may not ask for it on kvm2: operation denied.":        {Why: preflight.Denied, Host: "kvm2", Err: migration.ErrDenied},
		"libvirt cannot be asked for it: it is too old, or lacks a driver.":   {Why: preflight.Unsupported},
		"there was no answer in time on kvm2.":                                {Why: preflight.Late, Host: "kvm2"},
		"the question failed on kvm2: internal error.":                        {Why: preflight.Failed, Host: "kvm2", Err: errors.New("internal error")},
		"/srv/web.iso: libvirt does not report it on kvm2.":                   {Why: preflight.Unknowable, Host: "kvm2", What: "/srv/web.iso"},
		"/srv/web.iso: not listed by a storage pool on kvm2; looked for before the move starts, and by virt_migration_preflight with thorough = true.": {
			Why: preflight.NeedsThorough, What: "/srv/web.iso", Host: "kvm2",
		},
	} {
		t.Run(string(u.Why), func(t *testing.T) {
			t.Parallel()
			u.Subject = web
			if got := Unchecked(u); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestNotChecked(t *testing.T) {
	t.Parallel()
	all := []preflight.Unchecked{
		{Subject: web, Check: preflight.CheckVerdict, Why: preflight.Denied, Host: "kvm1"},
		{Subject: web, Check: preflight.CheckCPU, Why: preflight.Denied, Host: "kvm2"},
		{Subject: web, Check: preflight.CheckMemory, Why: preflight.Denied, Host: "kvm2"},
	}
	text := NotChecked(fleet.Location{Domain: migration.Domain{Name: "web"}}, all)
	want := "\n  - source's verdict: the connection may not ask for it on kvm1.\n" +
		"  - guest CPU, memory: the connection may not ask for it on kvm2.\n"
	if text.Summary != "Move Not Fully Checked" || !strings.Contains(text.Detail, want) {
		t.Errorf("got %+v", text)
	}
	line := Line(fleet.Progress{Progress: migration.Progress{Subject: web}, Unchecked: all})
	if want := "VM web: not checked: source's verdict: the connection may not ask for it on kvm1. " +
		"guest CPU, memory: the connection may not ask for it on kvm2."; line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}
