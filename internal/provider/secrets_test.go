//go:build lab

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccSecrets finds what lets somebody in to a host in nothing that Terraform
// writes, however much it is asked to say: neither what the host takes nor what
// it refuses.
func TestAccSecrets(t *testing.T) {
	kvm1, ssh := testLab(t).Host("kvm1"), testLab(t).SSH
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	const wrong = saslPassword + "-wrong"
	for name, test := range map[string]struct {
		// mechanism is what kvm1's libvirt wants for a login; empty for none.
		mechanism string
		// provider is a configuration that has a secret, in itself or in a file.
		provider     func(t *testing.T, secret string) string
		right, wrong string
		// shown are the forms that a secret could show in.
		shown func(t *testing.T, secret string) []string
		// refused says that the wrong secret was, log which logs are asked for.
		refused, log string
	}{
		"a password, SCRAM":    {"scram-sha-256", passwordInVariable, saslPassword, wrong, passwordForms, "libvirt refuses the user name or the password", "TF_LOG"},
		"a password, PLAIN":    {"plain", passwordInVariable, saslPassword, wrong, passwordForms, "libvirt refuses the user name or the password", "TF_LOG_PROVIDER"},
		"a password in a file": {"scram-sha-256", passwordInFile, saslPassword, wrong, passwordForms, "libvirt refuses the user name or the password", "TF_LOG"},
		"a private key":        {"", keyInFile, ssh.Key, ssh.StrangerKey, keyForms, "no connection to qemu+libssh://root@kvm1/system", "TF_LOG"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.mechanism != "" {
				kvm1.RequireLogin(t, saslUser, saslPassword, test.mechanism)
			}
			t.Setenv(test.log, "TRACE")
			policy := rendered(t, vmPolicyBody, vmPolicyData{guest.Name, `max_downtime_ms = 500`})
			w := newWorkspace(t, test.provider(t, test.right)+policy)
			plan := w.must(t, 0, "plan", "-out", "plan").String()
			if !strings.Contains(plan, "[TRACE] provider") {
				t.Error("the provider's work was not traced")
			}
			said := []string{
				plan,
				withoutConfiguration(t, w.must(t, 0, "show", "-json", "plan").stdout),
				w.must(t, 0, "apply", "plan").String(),
				w.must(t, 0, "show", "-json").String(),
				readText(t, filepath.Join(w.directory, "terraform.tfstate")),
			}
			w.write(t, test.provider(t, test.wrong)+policy)
			refused := w.must(t, 1, "plan").String()
			if !saying(test.refused).MatchString(refused) {
				t.Errorf("the plan does not say %q: %s", test.refused, refused)
			}
			requireUnsaid(t, append(said, refused), append(test.shown(t, test.right), test.shown(t, test.wrong)...)...)
		})
	}
}

// TestAccSecrets_accounts finds nobody's account, who logs in to hosts by SSH, in
// a move that fails because the source's libvirt logs in to the destination as
// somebody who may not use it.
func TestAccSecrets_accounts(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	block := providerBlock{Hosts: map[string]hostBlock{}}
	for _, h := range pair(t) {
		block.Hosts[h.Name] = hostBlock{URI: h.SSHURI, PeerURI: "qemu+ssh://" + lab.Visitor + "@" + h.Name + "/system", MigrationURI: h.MigrationURI}
	}
	w := newWorkspace(t, block.String()+inMode("peer_to_peer", moveResource)(guest.Name, ``))
	w.environment = []string{"TF_LOG=TRACE"}
	reports := reportsOf(t, w)
	failed := w.must(t, 1, apply...).String()
	if !saying("VM " + guest.Name + " is running on kvm1").MatchString(failed) {
		t.Errorf("the move did not fail as it should: %s", failed)
	}
	said := []string{failed}
	written, err := filepath.Glob(filepath.Join(reports, "*"))
	if err != nil || len(written) != 3 {
		t.Errorf("reports %v, %v", written, err)
	}
	for _, file := range written {
		said = append(said, readText(t, file))
	}
	requireUnsaid(t, said, lab.Visitor, "root@")
}

// passwordInVariable is a provider whose password is in a variable, as it should
// be.
func passwordInVariable(t *testing.T, password string) string {
	t.Helper()
	t.Setenv("TF_VAR_password", password)
	return fmt.Sprintf(`variable "password" { sensitive = true }

provider "virt" {
  hosts = { kvm1 = { uri = %q, username = %q, password = var.password } }
}
`, testLab(t).Host("kvm1").TLSURI, saslUser)
}

// passwordInFile is a provider whose password is in libvirt's auth.conf.
func passwordInFile(t *testing.T, password string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "auth.conf")
	content := fmt.Sprintf("[credentials-lab]\nauthname=%s\npassword=%s\n\n[auth-libvirt-default]\ncredentials=lab\n", saslUser, password)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	kvm1 := testLab(t).Host("kvm1")
	return providerBlock{Hosts: map[string]hostBlock{"kvm1": {URI: kvm1.TLSURI + "&authfile=" + file}}}.String()
}

// keyInFile is a provider that logs in by SSH with a private key.
func keyInFile(t *testing.T, key string) string {
	t.Helper()
	ssh, kvm1 := testLab(t).SSH, testLab(t).Host("kvm1")
	return providerBlock{Hosts: map[string]hostBlock{"kvm1": {URI: strings.Replace(libssh(kvm1), ssh.Key, key, 1)}}}.String()
}

// passwordForms are a password, and what SASL's PLAIN makes of it.
func passwordForms(_ *testing.T, password string) []string {
	return []string{password, base64.StdEncoding.EncodeToString([]byte("\x00" + saslUser + "\x00" + password))}
}

// keyForms are the lines of a private key.
func keyForms(t *testing.T, key string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(readText(t, key)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// withoutConfiguration is a plan in JSON without what Terraform copies of the
// configuration and of the values of its variables, sensitive or not.
func withoutConfiguration(t *testing.T, document string) string {
	t.Helper()
	var plan map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &plan); err != nil {
		t.Fatal(err)
	}
	delete(plan, "configuration")
	delete(plan, "variables")
	rest, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return string(rest)
}

func requireUnsaid(t *testing.T, said []string, secrets ...string) {
	t.Helper()
	for _, text := range said {
		for _, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("a secret shows: …%s…", text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
