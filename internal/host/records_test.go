//go:build lab

package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// document is a record with everything that XML could spoil.
const document = `{"version":1,"auto_converge":true,"note":"<&>\"' é 😀 ]]>","list":[1, 2,	3],
 "timeout":"30m0s"}`

// clearRecord makes sure that a test neither finds nor leaves a host's record.
func clearRecord(t *testing.T, h *host.Host, level host.Level) {
	t.Helper()
	remove := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), testTimeout)
		defer cancel()
		if err := h.DeleteRecord(ctx, level); err != nil {
			t.Error(err)
		}
	}
	remove()
	t.Cleanup(remove)
}

func TestDomainRecordLifeCycle(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	present := new(document)
	tests := map[string]struct {
		spec lab.GuestSpec
		want host.DomainDocument // once written
	}{
		"persistent and running": {lab.GuestSpec{}, host.DomainDocument{Live: present, Config: present, Active: true, Persistent: true}},
		"persistent and paused":  {lab.GuestSpec{State: lab.Paused}, host.DomainDocument{Live: present, Config: present, Active: true, Persistent: true}},
		"inactive":               {lab.GuestSpec{State: lab.Inactive}, host.DomainDocument{Config: present, Persistent: true}},
		"transient":              {lab.GuestSpec{Transient: true}, host.DomainDocument{Live: present, Active: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			test.spec.Bare = true
			uuid := w.StartGuest(t, test.spec).UUID
			empty := host.DomainDocument{Active: test.want.Active, Persistent: test.want.Persistent}

			checkRecord(t, h, uuid, empty)
			for range 2 { // writing what is there is no change
				if err := wrote(ctx, h, uuid, document); err != nil {
					t.Fatal(err)
				}
				checkRecord(t, h, uuid, test.want)
			}
			for range 2 { // deleting what is gone is success
				if err := h.DeleteDomainRecord(ctx, uuid, host.DomainDocument{}); err != nil {
					t.Fatal(err)
				}
				checkRecord(t, h, uuid, empty)
			}
		})
	}
}

func checkRecord(t *testing.T, h *host.Host, uuid string, want host.DomainDocument) {
	t.Helper()
	got, err := h.DomainRecord(testContext(t), uuid)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// Whatever other programs put into our element is there to be read.
func TestDomainRecordThatOthersTouched(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	virsh := func(args ...string) { w.Hosts[0].MustVirsh(t, args...) }
	metadata := func(where, element string) []string {
		return []string{"metadata", guest.UUID, host.MetadataURI, "--" + where, "--key", "virt", "--set", element}
	}
	tests := map[string]struct {
		touch        func()
		live, config *string
	}{
		"one copy removed": {
			func() { virsh("metadata", guest.UUID, host.MetadataURI, "--config", "--remove") },
			new(document), nil,
		},
		"copies diverge": {
			func() {
				virsh(metadata("live", `<migration-policy>{"version":1}</migration-policy>`)...)
			},
			new(`{"version":1}`), new(document),
		},
		"no JSON": {
			func() {
				virsh(metadata("config", "<migration-policy>see the wiki</migration-policy>")...)
			},
			new(document), new("see the wiki"),
		},
		"another shape": {
			func() { virsh(metadata("config", "<policy a='1'><x/></policy>")...) },
			new(document), new("<policy a=\"1\">\n  <x/>\n</policy>\n"),
		},
		"empty": {
			func() { virsh(metadata("live", "<migration-policy/>")...) },
			new(""), new(document),
		},
		"defined anew without metadata": {
			func() {
				definition := w.Hosts[0].MustVirsh(t, "dumpxml", "--inactive", guest.UUID)
				from, to := strings.Index(definition, "<metadata>"), strings.Index(definition, "</metadata>")
				file := filepath.Join(t.TempDir(), "domain.xml")
				bare := definition[:from] + definition[to+len("</metadata>"):]
				if err := os.WriteFile(file, []byte(bare), 0o600); err != nil {
					t.Fatal(err)
				}
				virsh("define", file)
			},
			new(document), nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := wrote(testContext(t), h, guest.UUID, document); err != nil {
				t.Fatal(err)
			}
			test.touch()
			got, err := h.DomainRecord(testContext(t), guest.UUID)
			if err != nil {
				t.Fatal(err)
			}
			// libvirt indents what it returns as it likes.
			if diff := cmp.Diff(host.DomainDocument{Live: squeeze(test.live), Config: squeeze(test.config), Active: true, Persistent: true},
				host.DomainDocument{Live: squeeze(got.Live), Config: squeeze(got.Config), Active: got.Active, Persistent: got.Persistent}); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
			seen := migration.Domain{UUID: guest.UUID, State: migration.StateRunning, Persistent: true}
			if planned, err := h.RecordInPlan(testContext(t), seen); err != nil || !cmp.Equal(planned, got) {
				t.Errorf("a plan reads %+v, %v; want %+v", planned, err, got)
			}
			seen.State = migration.StateShutOff
			sole := host.DomainDocument{Config: got.Config, Persistent: true}
			if planned, err := h.RecordInPlan(testContext(t), seen); err != nil || !cmp.Equal(planned, sole) {
				t.Errorf("a plan that saw it shut off reads %+v, %v; want %+v", planned, err, sole)
			}
			if err := wrote(testContext(t), h, guest.UUID, document); err != nil {
				t.Fatal(err)
			}
			checkRecord(t, h, guest.UUID, host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true})
		})
	}
}

func squeeze(s *string) *string {
	if s == nil || !strings.HasPrefix(*s, "<") {
		return s
	}
	return new(strings.Join(strings.Fields(strings.ReplaceAll(*s, ">", "> ")), " "))
}

// A record is right at the end whatever state the domain was in meanwhile.
func TestDomainRecordWhileTheDomainIsStartedAndStopped(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	stop := make(chan struct{})
	var flapping sync.WaitGroup
	flapping.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = w.Hosts[0].Virsh(t.Context(), "start", guest.UUID)
				_, _ = w.Hosts[0].Virsh(t.Context(), "destroy", guest.UUID)
			}
		}
	})
	for i := range 25 {
		json := fmt.Sprintf(`{"version":1,"max_downtime_ms":%d}`, i+1)
		if err := wrote(testContext(t), h, guest.UUID, json); err != nil {
			t.Error(err)
			continue
		}
		r, err := h.DomainRecord(testContext(t), guest.UUID)
		if err != nil {
			t.Error(err)
			continue
		}
		if r.Config == nil || *r.Config != json || r.Active && r.Live != nil && *r.Live != json {
			t.Errorf("wrote %s, found %+v", json, r)
		}
	}
	close(stop)
	flapping.Wait()
}

func TestRecordOfAnAbsentDomain(t *testing.T) {
	h := connect(t, labHosts(t)[0])
	const uuid = "00000000-0000-4000-8000-00000000dead"
	_, read := h.DomainRecord(testContext(t), uuid)
	for name, err := range map[string]error{
		"read":   read,
		"write":  wrote(testContext(t), h, uuid, document),
		"delete": h.DeleteDomainRecord(testContext(t), uuid, host.DomainDocument{}),
	} {
		if !errors.Is(err, migration.ErrNoDomain) {
			t.Errorf("%s: got %v, want %v", name, err, migration.ErrNoDomain)
		}
	}
	if _, err := h.DomainRecord(testContext(t), "web"); err == nil || !strings.Contains(err.Error(), `"web" is not a UUID`) {
		t.Errorf("got %v, want that it is no UUID", err)
	}
}

// The largest record that package policy writes comes back as it was.
func TestLargestRecord(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	clearRecord(t, h, host.Cluster)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	largest := `"` + strings.Repeat("&", policy.MaxRecordBytes-2) + `"`
	if err := wrote(testContext(t), h, guest.UUID, largest); err != nil {
		t.Fatal(err)
	}
	checkRecord(t, h, guest.UUID, host.DomainDocument{Live: &largest, Config: &largest, Active: true, Persistent: true})
	if err := h.WriteRecord(testContext(t), host.Cluster, largest); err != nil {
		t.Fatal(err)
	}
	checkHostRecord(t, h, host.Cluster, &largest)
}

func TestHostRecordLifeCycle(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	for _, level := range []host.Level{host.Global, host.Cluster} {
		t.Run(level.String(), func(t *testing.T) {
			clearRecord(t, h, level)
			checkHostRecord(t, h, level, nil)
			for _, json := range []string{document, document, `{"version":1}`} {
				if err := h.WriteRecord(testContext(t), level, json); err != nil {
					t.Fatal(err)
				}
				checkHostRecord(t, h, level, &json)
			}
			definition := l.MustVirsh(t, "secret-dumpxml", level.SecretUUID())
			for _, part := range []string{"<secret ephemeral='no' private='no'>", "<description>{&quot;version&quot;:1}</description>"} {
				if !strings.Contains(strings.ReplaceAll(definition, `"version"`, "&quot;version&quot;"), part) {
					t.Errorf("the secret lacks %s:\n%s", part, definition)
				}
			}
			if _, err := l.Virsh(t.Context(), "secret-get-value", level.SecretUUID()); err == nil {
				t.Error("the secret holds a value")
			}
			for range 2 {
				if err := h.DeleteRecord(testContext(t), level); err != nil {
					t.Fatal(err)
				}
				checkHostRecord(t, h, level, nil)
			}
		})
	}
}

func checkHostRecord(t *testing.T, h *host.Host, level host.Level, want *string) {
	t.Helper()
	got, err := h.Record(testContext(t), level)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s record (-want +got):\n%s", level, diff)
	}
}

// A secret that others defined under our UUID is shown, not misread.
func TestHostRecordThatIsSomebodyElses(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	tests := map[string]struct {
		definition, shows string
		// kept is a secret that is neither written over nor deleted.
		kept bool
	}{
		"with a usage":        {`<secret ephemeral='no' private='no'><uuid>%s</uuid><description>{"version":1}</description><usage type='ceph'><name>somebody</name></usage></secret>`, "somebody", true},
		"private":             {`<secret ephemeral='no' private='yes'><uuid>%s</uuid><description>{"version":1}</description></secret>`, "private='yes'", true},
		"without description": {`<secret ephemeral='no' private='no'><uuid>%s</uuid></secret>`, "<secret", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clearRecord(t, h, host.Cluster)
			file := filepath.Join(t.TempDir(), "secret.xml")
			if err := os.WriteFile(file, fmt.Appendf(nil, test.definition, host.Cluster.SecretUUID()), 0o600); err != nil {
				t.Fatal(err)
			}
			l.MustVirsh(t, "secret-define", file)
			got, err := h.Record(testContext(t), host.Cluster)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil || !strings.HasPrefix(*got, "<secret") || !strings.Contains(*got, test.shows) {
				t.Errorf("got %v, want the definition with %s", got, test.shows)
			}
			if !test.kept {
				return
			}
			for does, err := range map[string]error{
				"write":  h.WriteRecord(testContext(t), host.Cluster, document),
				"delete": h.DeleteRecord(testContext(t), host.Cluster),
			} {
				if !errors.Is(err, host.ErrForeignSecret) {
					t.Errorf("%s: got %v, want %v", does, err, host.ErrForeignSecret)
				}
			}
			if kept := l.MustVirsh(t, "secret-dumpxml", host.Cluster.SecretUUID()); !strings.Contains(kept, test.shows) {
				t.Errorf("the secret is now %s", kept)
			}
			l.MustVirsh(t, "secret-undefine", host.Cluster.SecretUUID())
		})
	}
}

// While a job holds the domain, a write says so at once instead of after
// libvirt's 30 s; reads go on.
func TestRecordDuringAMigration(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.BusyGuest(""))
	if err := wrote(testContext(t), source, guest.UUID, document); err != nil {
		t.Fatal(err)
	}
	p := migration.Parameters{Persistent: true, Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(5))}), MigrationURI: destination.MigrationURI()}
	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), p)

	for name, h := range map[string]*host.Host{"source": source, "destination": destination} {
		started := time.Now()
		err := wrote(testContext(t), h, guest.UUID, `{"version":1}`)
		if !errors.Is(err, migration.ErrBusy) || !strings.Contains(err.Error(), "migration in progress") {
			t.Errorf("%s: got %v, want %v", name, err, migration.ErrBusy)
		}
		if took := time.Since(started); took > slack {
			t.Errorf("%s: took %s", name, took)
		}
	}
	checkRecord(t, source, guest.UUID, host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true})

	abortMigration(t, source, guest.UUID, ended)
}

// wrote is the error of writing a domain's record.
func wrote(ctx context.Context, h *host.Host, uuid, json string) error {
	_, err := h.WriteDomainRecord(ctx, uuid, host.DomainDocument{}, json)
	return err
}
