//go:build lab

package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// What other tools see of the records, and do to them: the tests read and write
// them by virsh alone, as the design documents them.

const (
	metadataURI   = "urn:virt:migration-policy:1"
	globalSecret  = "6d696772-6174-4e00-8000-676c6f62616c"
	clusterSecret = "6d696772-6174-4e00-8000-636c75737465"
	ownSecret     = "6d696772-6174-4e00-8000-686f73740000"
)

// vmRecord is one copy of a VM's record, live or config; empty when there is
// none.
func vmRecord(t *testing.T, host *lab.Host, vm, place string) string {
	t.Helper()
	element, err := host.Virsh(t.Context(), "metadata", vm, metadataURI, "--"+place)
	if err != nil {
		if strings.Contains(err.Error(), "metadata not found") {
			return ""
		}
		t.Fatal(err)
	}
	if element = strings.TrimSpace(element); element == "" {
		return ""
	}
	body, found := strings.CutPrefix(element, "<migration-policy>")
	body, closed := strings.CutSuffix(body, "</migration-policy>")
	if !found || !closed {
		t.Fatalf("the metadata element of %s is %q", vm, element)
	}
	return strings.ReplaceAll(body, "&quot;", `"`)
}

// declared is who declared a record, and when, as the provider writes it.
var declared = regexp.MustCompile(`,"owner":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}","declared_at":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)

// undeclared is a record without who declared it.
func undeclared(document string) string { return declared.ReplaceAllString(document, "") }

// requireVMRecord expects the copies of a VM's record to say just this document,
// whoever declared it; an empty one stands for none.
func requireVMRecord(t *testing.T, host *lab.Host, vm, want string, places ...string) {
	t.Helper()
	for _, place := range places {
		if got := undeclared(vmRecord(t, host, vm, place)); got != want {
			t.Errorf("the %s record of %s on %s is %q, want %q", place, vm, host.Name, got, want)
		}
	}
}

func setVMRecord(t *testing.T, host *lab.Host, vm, document string, places ...string) {
	t.Helper()
	for _, place := range places {
		host.MustVirsh(t, "metadata", vm, metadataURI, "--"+place, "--key", "virt", "--set", "<migration-policy>"+document+"</migration-policy>")
	}
}

func removeVMRecord(t *testing.T, host *lab.Host, vm string, places ...string) {
	t.Helper()
	for _, place := range places {
		host.MustVirsh(t, "metadata", vm, metadataURI, "--"+place, "--remove")
	}
}

// hostRecord is the record in a host's secret; empty when there is none.
func hostRecord(t *testing.T, host *lab.Host, secret string) string {
	t.Helper()
	definition, err := host.Virsh(t.Context(), "secret-dumpxml", secret)
	if err != nil {
		if strings.Contains(err.Error(), "Secret not found") {
			return ""
		}
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(definition, "<description>")
	description, _, found := strings.Cut(rest, "</description>")
	if !found {
		t.Fatalf("the secret on %s is %s", host.Name, definition)
	}
	return strings.ReplaceAll(description, "&quot;", `"`)
}

func requireHostRecord(t *testing.T, secret, want string, hosts ...*lab.Host) {
	t.Helper()
	for _, host := range hosts {
		if got := undeclared(hostRecord(t, host, secret)); got != want {
			t.Errorf("the record on %s is %q, want %q", host.Name, got, want)
		}
	}
}

func setHostRecord(t *testing.T, secret, document string, hosts ...*lab.Host) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret.xml")
	definition := "<secret ephemeral='no' private='no'><uuid>" + secret + "</uuid><description>" + document + "</description></secret>"
	if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		host.MustVirsh(t, "secret-define", file)
	}
}

func removeHostRecord(t *testing.T, secret string, hosts ...*lab.Host) {
	t.Helper()
	for _, host := range hosts {
		if hostRecord(t, host, secret) != "" {
			host.MustVirsh(t, "secret-undefine", secret)
		}
	}
}

// withoutHostRecords makes sure that a test of host-level records finds none and
// leaves none, also when it fails.
func withoutHostRecords(t *testing.T) {
	t.Helper()
	hosts := testLab(t).Hosts
	for _, secret := range []string{globalSecret, clusterSecret, ownSecret} {
		removeHostRecord(t, secret, hosts...)
	}
	t.Cleanup(func() {
		for _, host := range hosts {
			for _, secret := range []string{globalSecret, clusterSecret, ownSecret} {
				// Terraform has destroyed what it made; what is left was made by hand.
				ctx, cancel := contextAfter(t, time.Minute)
				_, _ = host.Virsh(ctx, "secret-undefine", secret)
				cancel()
			}
		}
	})
}
