package explain

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// What is not known of autostart is said where a VM is on its destination already, and only
// where it may be lost.
func TestAutostartOff(t *testing.T) {
	t.Parallel()
	const past = "The VM did not start with kvm2, and libvirt does not carry autostart: if it started with kvm1 before, " +
		"`virsh autostart " + remedyUUID + "` on the host that it is on sets it again."
	const said = "The VM does not start with kvm2, and libvirt does not carry autostart: if it started with the host " +
		"that it came from, `virsh autostart " + remedyUUID + "` on kvm2 sets it again."
	location := fleet.Location{Host: "kvm2", Domain: migration.Domain{UUID: remedyUUID, Name: "web"}}
	for name, off := range map[string]bool{"off": true, "on": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := migration.Report{Subject: web, State: migration.StateRunning, Unwatched: true, AutostartOff: off}
			entry := history.Entry{From: history.Host{Label: "kvm1"}}
			moved := fleet.Moved{Location: location, Report: r, OpenEntry: &entry}
			for what, text := range map[string][2]string{
				"the last line of an action": {Done(moved), said},
				"a create":                   {ThereUnwatched(moved).Detail, said},
				"a refresh":                  {MovedUnwatched("kvm1", location, entry, r).Detail, past},
			} {
				if strings.Contains(text[0], text[1]) != off {
					t.Errorf("%s: %s", what, text[0])
				}
			}
		})
	}
}
