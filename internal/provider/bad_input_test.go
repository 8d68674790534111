package provider_test

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestBadInput has what a first-time user types wrong, in the configuration of resources
// and of the action: one diagnostic, on the attribute at fault, which says what would be
// right. What Terraform itself refuses is in TestAccBadInput_terraform.
func TestBadInput(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	const invalid = "Invalid Migration Policy"
	fraction := tftypes.NewValue(tftypes.Number, big.NewFloat(1.5))
	huge := tftypes.NewValue(tftypes.Number, new(big.Float).SetMantExp(big.NewFloat(1), 100))
	type attributes map[string]tftypes.Value
	for name, test := range map[string]struct {
		config      attributes
		at, summary string
		words       string
	}{
		"a number of minutes":           {attributes{"timeout": text("30")}, "timeout", "Invalid Duration", `"30" is not a duration such as "90s", "30m" or "1h30m".`},
		"minutes in words":              {attributes{"timeout": text("30 minutes")}, "timeout", "Invalid Duration", `"30 minutes" is not a duration such as "90s", "30m" or "1h30m".`},
		"days":                          {attributes{"timeout": text("1d")}, "timeout", "Invalid Duration", `"1d" is not a duration such as "90s", "30m" or "1h30m".`},
		"a time in the past":            {attributes{"timeout": text("-5m")}, "timeout", invalid, "A duration cannot be negative."},
		"a bandwidth below 0":           {attributes{"bandwidth_mib_per_second": number(-1)}, "bandwidth_mib_per_second", invalid, "-1 is not a whole number from 0 to 8796093022207 (MiB/s, where 0 is no limit)."},
		"a bandwidth that is too large": {attributes{"bandwidth_mib_per_second": number(1e18)}, "bandwidth_mib_per_second", invalid, "1000000000000000000 is not a whole number from 0 to"},
		"a fraction":                    {attributes{"bandwidth_mib_per_second": fraction}, "bandwidth_mib_per_second", "Invalid Number", "1.5 is not a whole number from 0 to 8796093022207 (MiB/s, where 0 is no limit)."},
		"a number of more than 64 bits": {attributes{"max_downtime_ms": huge}, "max_downtime_ms", "Invalid Number", "is not a whole number from 1 to 2000000 (milliseconds)."},
		"a cache of another size":       {attributes{"compression_cache_mib": number(1000)}, "compression_cache_mib", invalid, "1000 is not a power of two from 1 to"},
		"one connection":                {attributes{"parallel_connections": number(1)}, "parallel_connections", invalid, "1 is neither 0 (off) nor a whole number from 2 to 255"},
		"a throttle of all":             {attributes{"auto_converge_initial": number(100)}, "auto_converge_initial", invalid, "100 is not a whole number from 1 to 99 (percent)."},
		"compression over connections":  {attributes{"compression": boolean(true), "parallel_connections": number(4)}, "parallel_connections", invalid, "Set parallel_connections to 0 or compression to false."},
		"a cache without compression":   {attributes{"compression": boolean(false), "compression_cache_mib": number(64)}, "compression_cache_mib", invalid, "Remove one of the two."},
		"post-copy without permission":  {attributes{"post_copy": boolean(false), "on_timeout": text("post_copy")}, "on_timeout", invalid, "Set post_copy to true"},
		"a word that is none":           {attributes{"on_timeout": text("postcopy")}, "on_timeout", invalid, `"postcopy" is not valid: it must be one of "abort", "post_copy", "pause".`},
		"a mode that is none":           {attributes{"mode": text("p2p")}, "mode", "Invalid Value", `"p2p" is not valid: it must be one of "auto", "peer_to_peer", "direct".`},
		"no VM":                         {attributes{"vm": text("")}, "vm", "Invalid Name", "A name cannot be empty."},
		"a blank behind the VM":         {attributes{"vm": text("app01 ")}, "vm", "Invalid Name", `"app01 " begins or ends with a blank.`},
		"control characters in the VM":  {attributes{"vm": text("a\nb\x1b[31m")}, "vm", "Invalid Name", `"a\nb\x1b[31m" has a control character.`},
		"a blank before the host":       {attributes{"destination": text(" kvm1")}, "destination", "Invalid Name", `" kvm1" begins or ends with a blank.`},
		"blanks round the cluster":      {attributes{"name": text(" db ")}, "name", "Invalid Name", `" db " begins or ends with a blank.`},
		"a blank before a host of many": {attributes{"hosts": names(" kvm1", "kvm2")}, "hosts", "Invalid Name", `" kvm1" begins or ends with a blank.`},
		"no hosts":                      {attributes{"hosts": names()}, "hosts", "Invalid Hosts", "At least one host is needed."},
	} {
		for resource, needed := range policyResources {
			config, fits := attributes{}, true
			for key, v := range needed {
				config[key] = v
			}
			for key, v := range test.config {
				config[key] = v
				fits = fits && hasAttribute(p.schema.ResourceSchemas[resource], key)
			}
			if !fits {
				continue
			}
			t.Run(resource+"/"+name, func(t *testing.T) {
				t.Parallel()
				requireBadInput(t, p.validate(t.Context(), t, resource, config), test.at, test.summary, test.words)
				if resource == "virt_vm_live_migration" {
					requireBadInput(t, p.validateAction(t.Context(), t, config), test.at, test.summary, test.words)
				}
			})
		}
	}
}

// TestBadInput_numbers wants of every numeric field the same sentence for each number that it
// cannot have, however it is written.
func TestBadInput_numbers(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	for _, d := range policy.Table() {
		if d.Kind != policy.Number {
			continue
		}
		field := string(d.Field)
		for _, written := range []string{"1e30", "-1e30", "1e19", "-9223372036854775809", "1e-3", "0.5", "-7"} {
			number, _, err := big.ParseFloat(written, 10, 512, big.ToNearestEven) // as Terraform reads it
			if err != nil {
				t.Fatal(err)
			}
			config := map[string]tftypes.Value{"vm": text("web"), field: tftypes.NewValue(tftypes.Number, number)}
			got := p.validate(t.Context(), t, "virt_vm_migration_policy", config)
			requireBadInput(t, got, field, "", number.Text('g', -1)+" "+d.IsNot)
		}
		if !strings.Contains(d.IsNot, "a whole number from") && !strings.Contains(d.IsNot, "a power of two from") {
			t.Errorf("%s: %s", field, d.IsNot)
		}
	}
	// A list is refused for any of its elements.
	for written, want := range map[*big.Float]string{big.NewFloat(0.5): "0.5", nil: "null"} {
		element := tftypes.NewValue(tftypes.Number, written)
		if written == nil {
			element = tftypes.NewValue(tftypes.Number, nil)
		}
		steps := tftypes.NewValue(tftypes.List{ElementType: tftypes.Number}, []tftypes.Value{tftypes.NewValue(tftypes.Number, 100), element})
		config := map[string]tftypes.Value{"vm": text("web"), "downtime_schedule_ms": steps}
		got := p.validate(t.Context(), t, "virt_vm_migration_policy", config)
		requireBadInput(t, got, "downtime_schedule_ms", "", want+" is not a whole number from 1 to 2000000 (milliseconds).")
	}
	// Terraform passes on the sign of a zero.
	zero := tftypes.NewValue(tftypes.Number, new(big.Float).Neg(new(big.Float)))
	for field, want := range map[string]string{"parallel_connections": "", "max_downtime_ms": "0 is not a whole number from 1 to 2000000 (milliseconds)."} {
		got := p.validate(t.Context(), t, "virt_vm_migration_policy", map[string]tftypes.Value{"vm": text("web"), field: zero})
		if want != "" {
			requireBadInput(t, got, field, "", want)
		} else if len(got) > 0 {
			t.Errorf("%s = -0: %s", field, texts(got))
		}
	}
}

func hasAttribute(schema *tfprotov6.Schema, name string) bool {
	for _, a := range schema.Block.Attributes {
		if a.Name == name {
			return true
		}
	}
	return false
}

// requireBadInput wants one error, on an attribute or in it.
func requireBadInput(t *testing.T, got []*tfprotov6.Diagnostic, at, summary, words string) {
	t.Helper()
	if len(got) != 1 || got[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Fatalf("want one error, got %s", texts(got))
	}
	if steps := got[0].Attribute.Steps(); len(steps) == 0 || steps[0] != tftypes.AttributeName(at) {
		t.Errorf("want it on %s: %s", at, texts(got))
	}
	if summary != "" && got[0].Summary != summary || !strings.Contains(got[0].Detail, words) {
		t.Errorf("want %s: %s\ngot %s", summary, words, texts(got))
	}
	for _, blame := range []string{"error in the provider", "%!", "provider developer"} {
		if strings.Contains(got[0].Summary+got[0].Detail, blame) {
			t.Errorf("it says %q: %s", blame, texts(got))
		}
	}
}

// validateAction asks what is wrong with the configuration of the action.
func (p protocol) validateAction(ctx context.Context, t *testing.T, config map[string]tftypes.Value) []*tfprotov6.Diagnostic {
	t.Helper()
	const action = "virt_vm_live_migration"
	resp, err := p.server.ValidateActionConfig(ctx, &tfprotov6.ValidateActionConfigRequest{
		ActionType: action, Config: value(t, p.schema.ActionSchemas[action].Schema, config),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// TestBadInput_provider is TestBadInput for the provider's configuration.
func TestBadInput_provider(t *testing.T) {
	t.Parallel()
	const invalid = "Invalid Host Configuration"
	host := func(uri string) map[string]map[string]string {
		return map[string]map[string]string{"kvm1": {"uri": uri}}
	}
	for name, test := range map[string]struct {
		hosts          map[string]map[string]string
		others         map[string]tftypes.Value
		summary, words string
	}{
		"no host at all":            {map[string]map[string]string{}, nil, "Invalid Hosts", "At least one host is needed."},
		"a label with a blank":      {map[string]map[string]string{" kvm1": {"uri": "qemu:///system"}}, nil, "Invalid Name", `" kvm1" begins or ends with a blank.`},
		"another setting":           {host("qemu:///system"), map[string]tftypes.Value{"unreachable_hosts": text("ignore")}, "Invalid Value", `"ignore" is not valid: it must be one of "error", "warn".`},
		"half a move at a time":     {host("qemu:///system"), map[string]tftypes.Value{"max_outgoing_migrations": tftypes.NewValue(tftypes.Number, big.NewFloat(0.5))}, "Invalid Number", "0.5 is not a whole number from 1 to 15."},
		"no URI":                    {host(""), nil, invalid, "uri"},
		"a web address":             {host("http://kvm1"), nil, invalid, "only QEMU hosts are supported"},
		"another hypervisor":        {host("xen+ssh://root@kvm1/system"), nil, invalid, "the URI must begin with qemu"},
		"ssh without a host":        {host("qemu+ssh:///system"), nil, invalid, "qemu+ssh needs a host name"},
		"a port that is none":       {host("qemu+ssh://root@kvm1:ssh/system"), nil, invalid, "its port, which follows the host's last colon, must be a number from 1 to 65535"},
		"a port that is too large":  {host("qemu+ssh://root@kvm1:99999/system"), nil, invalid, "its port must be 1 to 65535"},
		"no path":                   {host("qemu+ssh://root@kvm1"), nil, invalid, "its path must be /system or /session"},
		"a blank behind the URI":    {host("qemu+ssh://root@kvm1/system "), nil, invalid, "its path must be /system or /session"},
		"a socket of another host":  {host("qemu+unix://kvm1/system"), nil, invalid, "takes no host name"},
		"a proxy that is none":      {host("qemu+ssh://root@kvm1/system?proxy=nc"), nil, invalid, "its parameter proxy must be one of auto, native, netcat"},
		"verification that is none": {host("qemu+ssh://root@kvm1/system?no_verify=yes"), nil, invalid, "its parameter no_verify must be 0 or 1"},
		"a parameter's typo":        {host("qemu+ssh://root@kvm1/system?keyfil=/k"), nil, invalid, "did you mean keyfile?"},
		"a parameter of the file":   {host("qemu+tls://kvm1/system?pki_path=/p"), nil, invalid, "did you mean pkipath?"},
		"an address for memory":     {map[string]map[string]string{"kvm1": {"uri": "qemu+tcp://kvm1/system", "migration_uri": "10.0.0.2"}}, nil, invalid, "migration_uri"},
		"a local peer":              {map[string]map[string]string{"kvm1": {"uri": "qemu+tcp://kvm1/system", "peer_uri": "qemu:///system"}}, nil, invalid, "peer_uri"},
		"a user alone":              {map[string]map[string]string{"kvm1": {"uri": "qemu+tls://kvm1/system", "username": "me"}}, nil, invalid, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProtocol(t)
			resp, err := p.server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: p.configuration(t, test.hosts, test.others)})
			if err != nil {
				t.Fatal(err)
			}
			at := "hosts"
			for attribute := range test.others {
				at = attribute
			}
			requireBadInput(t, resp.Diagnostics, at, test.summary, test.words)
			if name := fmt.Sprint(resp.Diagnostics[0].Attribute); test.summary == invalid && !strings.Contains(name, "kvm1") {
				t.Errorf("the host is not named: %s", name)
			}
		})
	}
}
