//go:build lab

package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestIdentity(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range labHosts(t) {
		for _, uri := range []string{l.URI, l.SocketURI} {
			id, err := open(t, host.Config{Name: l.Name, URI: uri}).Identity(testContext(t))
			if err != nil {
				t.Fatal(err)
			}
			if id.HostUUID != l.UUID || id.Hostname != l.Name || id.LibvirtVersion < 9_000_000 || id.QEMUVersion < 9_000_000 {
				t.Errorf("%s: got %+v, want UUID %s", uri, id, l.UUID)
			}
			seen[id.HostUUID] = true
		}
	}
	if len(seen) != len(labHosts(t)) {
		t.Errorf("hosts are not told apart: %v", seen)
	}
}

func TestMemory(t *testing.T) {
	m, err := connect(t, labHosts(t)[0]).Memory(testContext(t))
	if err != nil || m.Total < 1<<30 || m.Available == 0 || m.Available > m.Total {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestDomain(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	tests := map[string]struct {
		spec lab.GuestSpec
		want migration.Domain
	}{
		"running":   {lab.GuestSpec{}, migration.Domain{State: migration.StateRunning, Persistent: true}},
		"paused":    {lab.GuestSpec{State: lab.Paused}, migration.Domain{State: migration.StatePaused, Reason: migration.ReasonUser, Persistent: true}},
		"inactive":  {lab.GuestSpec{State: lab.Inactive}, migration.Domain{State: migration.StateShutOff, Persistent: true}},
		"transient": {lab.GuestSpec{Transient: true}, migration.Domain{State: migration.StateRunning}},
	}
	guests := map[string]*lab.Guest{}
	for name, test := range tests {
		test.spec.Bare = true
		guests[name] = w.StartGuest(t, test.spec)
	}
	for name, test := range tests {
		want := test.want
		want.UUID, want.Name = guests[name].UUID, guests[name].Name
		byUUID, err := h.Domain(testContext(t), want.UUID)
		if err != nil {
			t.Error(err)
		}
		byName, err := h.DomainByName(testContext(t), want.Name)
		if err != nil {
			t.Error(err)
		}
		if byUUID != byName || byUUID.MemoryBytes == 0 {
			t.Errorf("%s: by UUID %+v, by name %+v", name, byUUID, byName)
		}
		byUUID.MemoryBytes = 0
		if byUUID != want {
			t.Errorf("%s: got %+v, want %+v", name, byUUID, want)
		}
	}
}

func TestAbsentDomain(t *testing.T) {
	h := connect(t, labHosts(t)[0])
	const uuid = "00000000-0000-4000-8000-00000000dead"
	_, byUUID := h.Domain(testContext(t), uuid)
	_, byName := h.DomainByName(testContext(t), "nobody")
	_, job := h.Job(testContext(t), uuid)
	_, completed := h.CompletedJob(testContext(t), uuid)
	_, definition := h.DomainXML(testContext(t), uuid)
	for name, err := range map[string]error{
		"by UUID": byUUID, "by name": byName, "job": job, "completed job": completed, "definition": definition,
		"abort": h.AbortJob(testContext(t), uuid), "resume": h.Resume(testContext(t), uuid),
	} {
		if !errors.Is(err, migration.ErrNoDomain) {
			t.Errorf("%s: got %v, want %v", name, err, migration.ErrNoDomain)
		}
	}
}

func TestCompareCPU(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	definition, err := source.DomainXML(testContext(t), guest.UUID)
	if err != nil {
		t.Fatal(err)
	}
	from, to := strings.Index(definition, "<cpu "), strings.Index(definition, "</cpu>")+len("</cpu>")
	with := func(cpu string) string { return definition[:from] + cpu + definition[to:] }
	tests := map[string]struct{ definition, reason string }{
		"as it runs":                   {definition, ""},
		"without a model":              {with(""), ""},
		"host-passthrough":             {with(`<cpu mode="host-passthrough" check="none"/>`), ""},
		"host-model, as it was":        {with(`<cpu mode="host-model"/>`), ""},
		"feature that is not there":    {with(`<cpu mode="custom" match="exact"><model>qemu64</model><feature policy="require" name="avx512f"/></cpu>`), "avx512f"},
		"model that is too new":        {with(`<cpu mode="custom" match="exact"><model>SapphireRapids</model></cpu>`), "avx512f"},
		"feature forbidden everywhere": {with(`<cpu mode="custom" match="exact"><model>qemu64</model><feature policy="disable" name="svm"/></cpu>`), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := compareCPU(t, destination, test.definition)
			var incompatible *preflight.CPUError
			switch {
			case test.reason == "" && err != nil:
				t.Error(err)
			case test.reason != "" && (!errors.As(err, &incompatible) || !strings.Contains(incompatible.Reason, test.reason)):
				t.Errorf("got %v, want a CPU that lacks %s", err, test.reason)
			}
		})
	}
}

// compareCPU asks whether the guest with a definition can run on a host.
func compareCPU(t *testing.T, h *host.Host, definition string) error {
	t.Helper()
	guest, err := preflight.Parse(definition)
	if err != nil {
		t.Fatal(err)
	}
	return h.CompareCPU(testContext(t), guest.CPU)
}
