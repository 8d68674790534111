//go:build lab

package provider_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccParameters asks QEMU itself, while it migrates, what it was told: each
// field on the level that is given, all the way from a Terraform configuration. It
// writes the records of whole hosts, so it has the lab for itself.
func TestAccParameters(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	for name, test := range map[string]struct {
		cluster, own, run string
		parameters        map[string]any
		capabilities      map[string]bool
	}{
		"auto-converge and compression": {
			cluster: "auto_converge = true\nauto_converge_initial = 33\nauto_converge_increment = 7",
			own:     "compression = true\ncompression_cache_mib = 128\nmax_downtime_ms = 777",
			run:     "bandwidth_mib_per_second = 2",
			parameters: map[string]any{
				"cpu-throttle-initial":   33.,
				"cpu-throttle-increment": 7.,
				"xbzrle-cache-size":      float64(128 << 20),
				"downtime-limit":         777.,
				"max-bandwidth":          float64(2 << 20),
				"tls-creds":              "",
			},
			capabilities: map[string]bool{"auto-converge": true, "xbzrle": true, "multifd": false, "postcopy-ram": false},
		},
		"parallel connections": {
			cluster: "parallel_compression = \"zstd\"\nswitchover_bandwidth_mib_per_second = 2",
			own:     "parallel_connections = 3\nparallel_compression_level = 5",
			run:     "bandwidth_mib_per_second = 1", // so much is sent compressed
			parameters: map[string]any{
				"multifd-channels":           3.,
				"multifd-compression":        "zstd",
				"multifd-zstd-level":         5.,
				"avail-switchover-bandwidth": float64(2 << 20),
				"max-bandwidth":              float64(1 << 20),
			},
			capabilities: map[string]bool{"auto-converge": false, "xbzrle": false, "multifd": true, "postcopy-ram": false},
		},
		"encryption": {
			own: "encryption = true",
			run: "bandwidth_mib_per_second = 2",
			parameters: map[string]any{
				"max-bandwidth": float64(2 << 20),
				"tls-creds":     "objlibvirt_migrate_tls0",
			},
		},
		"post-copy": {
			cluster:      "post_copy = true\npost_copy_bandwidth_mib_per_second = 50",
			run:          "bandwidth_mib_per_second = 2\nauto_converge = true",
			parameters:   map[string]any{"max-bandwidth": float64(2 << 20), "max-postcopy-bandwidth": float64(50 << 20)},
			capabilities: map[string]bool{"auto-converge": true, "xbzrle": false, "multifd": false, "postcopy-ram": true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t, configuration(t, threeLevelsBody, threeLevelsData{guest.Name, "kvm2", test.cluster, test.own, test.run}))
			r := w.start(t, apply...)
			awaitMove(t, guest, r)

			parameters := map[string]any{}
			askQEMU(t, world.Host("kvm1"), guest, "query-migrate-parameters", &parameters)
			for parameter, want := range test.parameters {
				if got := parameters[parameter]; got != want {
					t.Errorf("QEMU has %s = %v, want %v", parameter, got, want)
				}
			}
			var list []struct {
				Capability string
				State      bool
			}
			askQEMU(t, world.Host("kvm1"), guest, "query-migrate-capabilities", &list)
			capabilities := map[string]bool{}
			for _, c := range list {
				capabilities[c.Capability] = c.State
			}
			for capability, want := range test.capabilities {
				if got := capabilities[capability]; got != want {
					t.Errorf("QEMU has %s %t, want %t", capability, got, want)
				}
			}

			world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
			if got := r.wait(t, 3*time.Minute); got.code != 0 {
				t.Fatalf("the move failed: %s", got)
			}
			requireHome(t, guest, "kvm2", "running")
			w.must(t, 0, "plan", "-input=false", "-detailed-exitcode") // nothing has to be changed after the move
			w.must(t, 0, "destroy", "-auto-approve", "-input=false")
			moveByVirsh(t, guest, "kvm2", "kvm1") // for the next one
		})
	}
}

// TestAccParameters_encryptionWithoutCertificates ends before any memory is sent.
func TestAccParameters_encryptionWithoutCertificates(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	world.Host("kvm2").HideCertificates(t)
	w := newWorkspace(t, configuration(t, threeLevelsBody, threeLevelsData{guest.Name, "kvm2", ``, ``, `encryption = true`}))
	r := w.must(t, 1, apply...)
	if !sayingAll("/etc/libvirt/pki/qemu/ca-cert.pem", "Encryption needs certificates on the source and on the destination",
		"VM "+guest.Name+" is running on kvm1").MatchString(r.stderr) {
		t.Errorf("the error does not say what is missing: %s", r)
	}
	requireHome(t, guest, "kvm1", "running")
	w.must(t, 0, "destroy", "-auto-approve", "-input=false")
}

// askQEMU sends a query to the guest's monitor on a host.
func askQEMU(t *testing.T, host *lab.Host, guest *lab.Guest, query string, answer any) {
	t.Helper()
	reply := struct{ Return any }{answer}
	out := host.MustVirsh(t, "qemu-monitor-command", guest.Name, fmt.Sprintf(`{"execute":%q}`, query))
	if err := json.Unmarshal([]byte(out), &reply); err != nil {
		t.Fatalf("%s: %v\n%s", query, err, out)
	}
}
