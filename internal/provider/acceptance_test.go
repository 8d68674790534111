//go:build lab

package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

// testLab is the lab that the tests run in.
func testLab(t testing.TB) *lab.World {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// pair are the two hosts that most tests configure: a move needs no third.
func pair(t testing.TB) []*lab.Host {
	t.Helper()
	return testLab(t).Hosts[:2]
}

// acceptance runs a test case through the Terraform CLI.
func acceptance(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(t), Steps: steps})
}

// acceptanceWithIdentity is acceptance for what older CLIs do not have:
// resource identity.
func acceptanceWithIdentity(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: factories(t),
		Steps:                    steps,
	})
}

// factories serve the provider in this process, anew for every command. The
// connections that one command made are closed before the next one, and the last
// ones when the test ends.
func factories(t *testing.T) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	var server provider.Server
	closeServer := func() {
		if server != nil {
			server.Close()
		}
	}
	t.Cleanup(closeServer)
	return map[string]func() (tfprotov6.ProviderServer, error){
		"virt": func() (tfprotov6.ProviderServer, error) {
			closeServer()
			server = provider.NewServer("test")
			return server, nil
		},
	}
}

// providerBlock is a provider configuration as tests write it.
type providerBlock struct {
	Hosts map[string]hostBlock
	// Unreachable is unreachable_hosts, left out when empty.
	Unreachable string
	// Reports is report_directory, left out when empty.
	Reports string
	// Limit is max_outgoing_migrations and max_incoming_migrations, left out when 0.
	Limit int
}

type hostBlock struct{ URI, PeerURI, MigrationURI, Username, Password string }

// typical is the guest that people have, without a kernel: it runs at once, and
// what these tests ask of it is between the provider and libvirt. See [lab.Typical].
func typical() lab.GuestSpec {
	spec := lab.Typical("")
	spec.Bare = true
	return spec
}

// labProvider is the provider configuration with the named hosts of the lab, or
// the first two of them. It says nothing that has a default but the limits, which are those of
// nobody: the tests run side by side, and each provider counts the migrations of all.
func labProvider(t testing.TB, names ...string) providerBlock {
	t.Helper()
	world := testLab(t)
	block := providerBlock{Hosts: map[string]hostBlock{}, Limit: fleet.MostMigrations}
	if len(names) == 0 {
		for _, h := range pair(t) {
			names = append(names, h.Name)
		}
	}
	for _, name := range names {
		h := world.Host(name)
		block.Hosts[name] = hostBlock{URI: h.URI}
	}
	return block
}

var providerTemplate = template.Must(template.New("provider").Parse(`provider "virt" {
  hosts = {
  {{- range $name, $host := .Hosts }}
    {{ $name }} = {
      uri = {{ printf "%q" $host.URI }}
      {{- with $host.PeerURI }}
      peer_uri = {{ printf "%q" . }}
      {{- end }}
      {{- with $host.MigrationURI }}
      migration_uri = {{ printf "%q" . }}
      {{- end }}
      {{- with $host.Username }}
      username = {{ printf "%q" . }}
      {{- end }}
      {{- with $host.Password }}
      password = {{ printf "%q" . }}
      {{- end }}
    }
  {{- end }}
  }
  {{- with .Unreachable }}
  unreachable_hosts = {{ printf "%q" . }}
  {{- end }}
  {{- with .Reports }}
  report_directory = {{ printf "%q" . }}
  {{- end }}
  {{- with .Limit }}
  max_outgoing_migrations = {{ . }}
  max_incoming_migrations = {{ . }}
  {{- end }}
}
`))

func (b providerBlock) String() string {
	var text strings.Builder
	if err := providerTemplate.Execute(&text, b); err != nil {
		panic(err) // the template is a constant
	}
	return text.String()
}

// with is the provider configuration followed by the rendered body: a template
// over data.
func (b providerBlock) with(t testing.TB, body string, data any) string {
	t.Helper()
	return b.String() + rendered(t, body, data)
}

// rendered is the body, a template over data.
func rendered(t testing.TB, body string, data any) string {
	t.Helper()
	parsed, err := template.New("configuration").Option("missingkey=error").Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// configuration is a configuration with two hosts of the lab and the rendered
// body.
func configuration(t testing.TB, body string, data any) string {
	t.Helper()
	return labProvider(t).with(t, body, data)
}

// saying matches Terraform's output, in which words are wrapped over lines with
// a frame in front, against words in sequence.
func saying(words string) *regexp.Regexp {
	fields := strings.Fields(words)
	for i, f := range fields {
		fields[i] = regexp.QuoteMeta(f)
	}
	return regexp.MustCompile(strings.Join(fields, `[\s│]+`))
}

// noDrift is the attribute "drift" of a record whose copies are in sync.
var noDrift = knownvalue.MapExact(nil)

func expectNoDrift(address string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New("drift"), noDrift)
}

// driftOf is the attribute "drift" with these copies.
func driftOf(copies map[string]string) knownvalue.Check {
	checks := map[string]knownvalue.Check{}
	for name, how := range copies {
		checks[name] = knownvalue.StringExact(how)
	}
	return knownvalue.MapExact(checks)
}

func expectText(address, attribute, value string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), knownvalue.StringExact(value))
}

// expectBefore checks an attribute as the plan's refresh has found it.
func expectBefore(address string, attribute tfjsonpath.Path, value knownvalue.Check) plancheck.PlanCheck {
	return beforeCheck{address, attribute, value}
}

type beforeCheck struct {
	address   string
	attribute tfjsonpath.Path
	value     knownvalue.Check
}

func (c beforeCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != c.address {
			continue
		}
		got, err := tfjsonpath.Traverse(change.Change.Before, c.attribute)
		if err == nil {
			err = c.value.CheckValue(got)
		}
		if err != nil {
			resp.Error = fmt.Errorf("%s.%s before the change: %w", c.address, c.attribute, err)
		}
		return
	}
	resp.Error = fmt.Errorf("the plan has no change of %s", c.address)
}

// contextAfter is a context for what a test's cleanup does.
func contextAfter(t testing.TB, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), limit)
}

// importedAs checks attributes of the one resource that a command imported, in
// the flat form in which the testing library has them.
func importedAs(want map[string]string) resource.ImportStateCheckFunc {
	return func(states []*terraform.InstanceState) error {
		if len(states) != 1 {
			return fmt.Errorf("%d resources were imported, want one", len(states))
		}
		for name, value := range want {
			if got := states[0].Attributes[name]; got != value {
				return fmt.Errorf("%s is imported as %q, want %q", name, got, value)
			}
		}
		return nil
	}
}
