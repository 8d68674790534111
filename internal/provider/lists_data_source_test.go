//go:build lab

package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const listsOfFleet = `
data "virt_hosts" "all" {
}

data "virt_hosts" "one" {
  names = ["kvm2"]
}

data "virt_vms" "all" {
  name_regex = "^listed-"
}

data "virt_vms" "off" {
  name_regex = "^listed-"
  hosts      = ["kvm1"]
  states     = ["shut_off"]
}

data "virt_vms" "with" {
  name_regex  = "^listed-"
  with_policy = true
}

data "virt_vms" "without" {
  name_regex  = "^listed-"
  with_policy = false
}

# Only what is known in the plan can be counted.
resource "terraform_data" "each" {
  count = length(data.virt_vms.all.vms)
  input = data.virt_vms.all.vms[count.index].name
}

output "names" {
  value = { for key in ["all", "off", "with", "without"] : key => [for vm in {
    all = data.virt_vms.all, off = data.virt_vms.off, with = data.virt_vms.with, without = data.virt_vms.without
  }[key].vms : "${vm.name} on ${vm.host}"] }
}
`

// TestAccLists reads what the hosts and the VMs of a fleet are. It runs alone: host-level
// records are one per host.
func TestAccLists(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	runs := world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "listed-runs", Autostart: true})
	off := world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "listed-off", State: lab.Inactive})
	world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "listed-paused", State: lab.Paused, Transient: true, Host: "kvm2"})
	// What a move has left behind is no VM of its own.
	moved := world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "listed-moved"})
	kvm1.MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", moved.Name, kvm2.PeerURI)
	setVMRecord(t, kvm1, runs.Name, `{"version":1,"auto_converge":true,"timeout":"90s"}`, "live", "config")
	setVMRecord(t, kvm1, off.Name, `on`, "config")
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute"}`, kvm2)
	setHostRecord(t, ownSecret, `{"version":1,"cordoned":true,"since":"2026-11-26T23:00:00Z","why":"a new fan","evacuation":"e"}`, kvm2)
	leased := leaseByHand(t, kvm1, "virt-lease-out-1", `{"vm":"`+runs.UUID+`","name":"listed-runs","run":"ops/1/a","expires":"2026-11-26T23:00:30Z"}`)

	host := func(i int, attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.virt_hosts.all", tfjsonpath.New("hosts").AtSliceIndex(i).AtMapKey(attribute), check)
	}
	vm := func(i int, attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.virt_vms.all", tfjsonpath.New("vms").AtSliceIndex(i).AtMapKey(attribute), check)
	}
	texts := func(all ...string) knownvalue.Check {
		var checks []knownvalue.Check
		for _, text := range all {
			checks = append(checks, knownvalue.StringExact(text))
		}
		return knownvalue.TupleExact(checks)
	}
	down := labProvider(t)
	down.Hosts["kvm3"] = hostBlock{URI: "qemu+tcp://" + refusing + "/system"}
	tolerant := down
	tolerant.Unreachable = "warn"
	twice := labProvider(t)
	twice.Hosts["kvm1b"] = hostBlock{URI: kvm1.SocketURI}
	acceptance(t,
		resource.TestStep{
			Config: configuration(t, listsOfFleet, nil),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("names", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"all":     texts("listed-moved on kvm2", "listed-off on kvm1", "listed-paused on kvm2", "listed-runs on kvm1"),
					"off":     texts("listed-off on kvm1"),
					"with":    texts("listed-off on kvm1", "listed-runs on kvm1"),
					"without": texts("listed-moved on kvm2", "listed-paused on kvm2"),
				})),
				vm(0, "state", knownvalue.StringExact("running")), vm(0, "cluster", knownvalue.StringExact("compute")),
				vm(1, "state", knownvalue.StringExact("shut_off")), vm(1, "policy", knownvalue.Null()), vm(1, "cluster", knownvalue.Null()),
				vm(2, "state", knownvalue.StringExact("paused")), vm(2, "persistent", knownvalue.Bool(false)),
				vm(3, "uuid", knownvalue.StringExact(runs.UUID)), vm(3, "persistent", knownvalue.Bool(true)), vm(3, "autostart", knownvalue.Bool(true)),
				vm(3, "vcpus", knownvalue.Int64Exact(1)), vm(3, "memory_bytes", knownvalue.Int64Exact(32<<20)),
				statecheck.ExpectKnownValue("data.virt_vms.all", tfjsonpath.New("vms").AtSliceIndex(3).AtMapKey("policy"), knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"auto_converge": knownvalue.Bool(true), "timeout": knownvalue.StringExact("1m30s"), "compression": knownvalue.Null(),
				})),
				host(0, "name", knownvalue.StringExact("kvm1")), host(0, "reachable", knownvalue.Bool(true)), host(0, "error", knownvalue.Null()),
				host(0, "cluster", knownvalue.Null()), host(0, "migrations_in", knownvalue.Int64Exact(0)), host(0, "migrations_out", knownvalue.Int64Exact(0)),
				host(0, "cpus", knownvalue.NotNull()), host(0, "memory_available_bytes", knownvalue.NotNull()), host(0, "libvirt_version", knownvalue.NotNull()),
				host(0, "features", knownvalue.SetPartial([]knownvalue.Check{knownvalue.StringExact("parallel_connections")})),
				host(1, "name", knownvalue.StringExact("kvm2")), host(1, "cluster", knownvalue.StringExact("compute")),
				host(0, "cordoned", knownvalue.Bool(false)), host(0, "leases", knownvalue.TupleExact([]knownvalue.Check{leased})),
				host(1, "cordoned", knownvalue.Bool(true)), host(1, "cordoned_since", knownvalue.StringExact("2026-11-26T23:00:00Z")),
				host(1, "cordon_reason", knownvalue.StringExact("a new fan")), host(1, "evacuation", knownvalue.StringExact("e")),
				host(1, "leases", knownvalue.ListSizeExact(0)),
				vm(0, "host_cordoned", knownvalue.Bool(true)), vm(0, "evacuation", knownvalue.StringExact("e")), vm(0, "lease", knownvalue.Null()),
				vm(3, "host_cordoned", knownvalue.Bool(false)), vm(3, "evacuation", knownvalue.Null()), vm(3, "lease", leased),
				statecheck.ExpectKnownValue("data.virt_hosts.one", tfjsonpath.New("hosts").AtSliceIndex(0).AtMapKey("name"), knownvalue.StringExact("kvm2")),
			},
		},
		resource.TestStep{ // one record that libvirt cannot send leaves out neither its VM nor the others of its host
			PreConfig: func() { overfill(t, kvm1, off.Name) },
			Config:    configuration(t, listsOfFleet, nil),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("names", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"all":     texts("listed-moved on kvm2", "listed-off on kvm1", "listed-paused on kvm2", "listed-runs on kvm1"),
					"off":     texts("listed-off on kvm1"),
					"with":    texts("listed-runs on kvm1"),
					"without": texts("listed-moved on kvm2", "listed-paused on kvm2"),
				})),
				vm(1, "policy", knownvalue.Null()), vm(1, "cluster", knownvalue.Null()), vm(3, "policy", knownvalue.NotNull()),
			},
		},
		resource.TestStep{
			Config:      down.with(t, listsOfFleet, nil),
			ExpectError: sayingAll("Unable to Read VMs", `Host "kvm3": `, `set unreachable_hosts = "warn"`),
		},
		resource.TestStep{
			Config: tolerant.with(t, listsOfFleet, nil),
			ConfigStateChecks: []statecheck.StateCheck{
				host(2, "name", knownvalue.StringExact("kvm3")), host(2, "reachable", knownvalue.Bool(false)), host(2, "uuid", knownvalue.Null()),
				host(2, "error", knownvalue.StringRegexp(saying("connection refused"))),
				statecheck.ExpectKnownValue("data.virt_vms.all", tfjsonpath.New("unseen_hosts"), hostsExactly("kvm3")),
				statecheck.ExpectKnownValue("data.virt_vms.all", tfjsonpath.New("vms"), knownvalue.ListSizeExact(4)),
			},
		},
		resource.TestStep{
			Config:      twice.with(t, `data "virt_vms" "all" {}`, nil),
			ExpectError: sayingAll("Unable to Read VMs", `The hosts "kvm1", "kvm1b" are one and the same libvirt host`),
		},
		resource.TestStep{
			Config:      configuration(t, `data "virt_vms" "none" { name_regex = "web(" }`, nil),
			ExpectError: sayingAll("Invalid Regular Expression", `name_regex = "web("`, "missing closing ): `web(`. The syntax is Go's (RE2)."),
		},
		resource.TestStep{
			Config:      configuration(t, `data "virt_hosts" "none" { names = ["kvm9"] }`, nil),
			ExpectError: sayingAll("Invalid Host", `has no host "kvm9"`),
		},
	)
}

// overfill gives a VM that is shut off a record which is larger than what libvirt can send:
// it takes "&gt;" for each character.
func overfill(t *testing.T, host *lab.Host, vm string) {
	t.Helper()
	element := "<metadata><virt:migration-policy xmlns:virt='" + metadataURI + "'>" + strings.Repeat(">", 1_200_000) +
		"</virt:migration-policy></metadata>"
	definition := host.MustVirsh(t, "dumpxml", "--inactive", vm)
	before, rest, _ := strings.Cut(definition, "<metadata>")
	_, after, had := strings.Cut(rest, "</metadata>")
	if !had {
		t.Fatalf("no metadata in %s", definition)
	}
	file := filepath.Join(t.TempDir(), "domain.xml")
	if err := os.WriteFile(file, []byte(before+element+after), 0o600); err != nil {
		t.Fatal(err)
	}
	host.MustVirsh(t, "define", file)
}

// leaseByHand takes a lease for a VM, as another run does, and returns what lists say of it.
func leaseByHand(t *testing.T, h *lab.Host, name, description string) knownvalue.Check {
	t.Helper()
	const uuid = "6c616273-0000-4000-8000-00000000000c"
	file := filepath.Join(t.TempDir(), "lease.xml")
	definition := "<secret ephemeral='yes' private='no'><uuid>" + uuid + "</uuid><description>" + description + "</description>" +
		"<usage type='vtpm'><name>" + name + "</name></usage></secret>"
	if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	h.MustVirsh(t, "secret-define", file)
	t.Cleanup(func() {
		ctx, cancel := contextAfter(t, time.Minute)
		defer cancel()
		_, _ = h.Virsh(ctx, "secret-undefine", uuid)
	})
	return knownvalue.ObjectPartial(map[string]knownvalue.Check{
		"direction": knownvalue.StringExact("out"), "waiting": knownvalue.Bool(false), "vm_name": knownvalue.StringExact("listed-runs"),
		"run": knownvalue.StringExact("ops/1/a"), "expires_at": knownvalue.StringExact("2026-11-26T23:00:30Z"),
	})
}
