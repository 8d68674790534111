package explain

import (
	"errors"
	"fmt"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestReason(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for want, r := range map[string]placement.Reason{
		"not in the provider's configuration": placement.UnknownHost{},
		"no answer":                           placement.Silent{},
		"cordoned":                            placement.Cordoned{},
		"in maintenance, or being emptied, by the same run": placement.Emptied{},
		"the host that the VM is on":                        placement.Here{},
		"guest CPU: CPU not available on kvm2": placement.Refused{Finding: migration.Finding{
			Check: preflight.CheckCPU, Fact: preflight.CPUMissing{}, Host: "kvm2",
		}},
		"too few CPUs (2, the VM needs 4)":                                                     placement.FewCPUs{Need: 4, Have: 2},
		`place of VM db2, of the same anti-affinity group "db"`:                                placement.GroupTaken{Group: "db", VM: "db2"},
		"too few huge pages of 2048 KiB (3 free of 10, the VM needs 5)":                        placement.HugePagesShort{SizeKiB: 2048, Need: 5, Free: 3, Total: 10},
		"too little memory (1024 MiB of 8192 MiB not promised to a VM, the VM needs 4096 MiB)": placement.MemoryShort{Need: 4 << 30, Room: 1 << 30, Total: 8 << 30},
		"a move of the VM to kvm3 under way":                                                   placement.OnItsWay{To: "kvm3"},
		"no other host that it may go to":                                                      placement.NoHost{},
		"by now the VM is on kvm3":                                                             placement.MovedOn{On: "kvm3"},
		"by now the VM is shut off":                                                            placement.Off{},
		"3072 MiB of 8192 MiB memory left":                                                     placement.MemoryLeft{Left: 3 << 30, Total: 8 << 30},
		"20 virtual CPUs on 16 CPUs":                                                           placement.CPUsPromised{Promised: 20, CPUs: 16},
		"3.1 of 16 CPUs busy":                                                                  placement.BusyCPUs{Busy: 3.14, CPUs: 16},
		"60 MiB/s of the link beside 1 other move":                                             placement.LinkShare{Share: 60 << 20, Moves: 1},
	} {
		told[fmt.Sprintf("%T", r)] = true
		if got := Reason(r); got != want {
			t.Errorf("%T: got  %s\nwant %s", r, got, want)
		}
	}
	for _, name := range exportedTypes(t, "placement", "About") {
		if !told[name] {
			t.Errorf("%s has no words: add a case to Reason", name)
		}
	}
	for want, r := range map[string]placement.LinkShare{"no other move": {}, "2 other moves": {Moves: 2}} {
		if got := Reason(r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := Reason(placement.Refused{Finding: plain{}}); got != "on fire" {
		t.Errorf("what is no finding is told as %q", got)
	}
}

// plain is a finding of nobody's table.
type plain struct{}

func (plain) String() string { return errors.New("on fire").Error() }
