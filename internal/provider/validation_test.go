package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// policyResources are the resources that have a policy at their top level, each
// with what else it needs.
var policyResources = map[string]map[string]tftypes.Value{
	"virt_migration_global_settings": {},
	"virt_cluster_migration_policy":  {"name": text("compute"), "hosts": names("kvm1")},
	"virt_vm_migration_policy":       {"vm": text("web")},
	"virt_vm_live_migration":         {"vm": text("web"), "destination": text("kvm1")},
}

// TestValidate_policy has one diagnostic, on the attribute at fault, for every
// value out of range and every contradiction on one level.
func TestValidate_policy(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	type attributes map[string]tftypes.Value
	for name, test := range map[string]struct {
		policy attributes
		// at is the attribute at fault; empty when nothing is.
		at string
	}{
		"nothing":                         {attributes{}, ""},
		"both features on":                {attributes{"auto_converge": boolean(true), "auto_converge_initial": number(99), "auto_converge_increment": number(1), "compression": boolean(true), "compression_cache_mib": number(64)}, ""},
		"tuning, the feature left out":    {attributes{"auto_converge_initial": number(30), "compression_cache_mib": number(64)}, ""},
		"initial throttle 0":              {attributes{"auto_converge_initial": number(0)}, "auto_converge_initial"},
		"initial throttle 100":            {attributes{"auto_converge_initial": number(100)}, "auto_converge_initial"},
		"increment 0":                     {attributes{"auto_converge_increment": number(0)}, "auto_converge_increment"},
		"increment 100":                   {attributes{"auto_converge_increment": number(100)}, "auto_converge_increment"},
		"initial beside the feature off":  {attributes{"auto_converge": boolean(false), "auto_converge_initial": number(30)}, "auto_converge_initial"},
		"increment, the feature off":      {attributes{"auto_converge": boolean(false), "auto_converge_increment": number(30)}, "auto_converge_increment"},
		"cache beside the feature off":    {attributes{"compression": boolean(false), "compression_cache_mib": number(64)}, "compression_cache_mib"},
		"cache is no power of two":        {attributes{"compression_cache_mib": number(96)}, "compression_cache_mib"},
		"cache 0":                         {attributes{"compression_cache_mib": number(0)}, "compression_cache_mib"},
		"bandwidth below 0":               {attributes{"bandwidth_mib_per_second": number(-1)}, "bandwidth_mib_per_second"},
		"bandwidth 0":                     {attributes{"bandwidth_mib_per_second": number(0)}, ""},
		"bandwidth over libvirt's":        {attributes{"bandwidth_mib_per_second": number(1 << 43)}, "bandwidth_mib_per_second"},
		"downtime 0":                      {attributes{"max_downtime_ms": number(0)}, "max_downtime_ms"},
		"downtime over QEMU's":            {attributes{"max_downtime_ms": number(2_000_001)}, "max_downtime_ms"},
		"one connection":                  {attributes{"parallel_connections": number(1)}, "parallel_connections"},
		"256 connections":                 {attributes{"parallel_connections": number(256)}, "parallel_connections"},
		"XBZRLE over several connections": {attributes{"compression": boolean(true), "parallel_connections": number(2)}, "parallel_connections"},
		"XBZRLE over one connection":      {attributes{"compression": boolean(true), "parallel_connections": number(0)}, ""},
		"no duration":                     {attributes{"timeout": text("soon")}, "timeout"},
		"a duration below 0":              {attributes{"stall_timeout": text("-1s")}, "stall_timeout"},
		"a number for a duration":         {attributes{"timeout": text("90")}, "timeout"},
		"no timeouts":                     {attributes{"timeout": text("0s"), "stall_timeout": text("0s")}, ""},
		"an unknown on_timeout":           {attributes{"on_timeout": text("stop")}, "on_timeout"},
		"post-copy though forbidden":      {attributes{"on_timeout": text("post_copy"), "post_copy": boolean(false)}, "on_timeout"},
		"post-copy, permission inherited": {attributes{"on_timeout": text("post_copy")}, ""},
		"what is unknown is not judged":   {attributes{"on_timeout": unknownText(), "timeout": unknownText(), "post_copy": boolean(false)}, ""},
	} {
		for resource, needed := range policyResources {
			t.Run(resource+"/"+name, func(t *testing.T) {
				t.Parallel()
				config := maps.Clone(needed)
				maps.Copy(config, test.policy)
				requireFault(t, p, resource, config, test.at)
			})
		}
	}
}

// TestValidate_arguments has what else is wrong with an argument.
func TestValidate_arguments(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	type attributes map[string]tftypes.Value
	for name, test := range map[string]struct {
		resource string
		config   attributes
		at       string
	}{
		"a VM without a name":      {"virt_vm_migration_policy", attributes{"vm": text("")}, "vm"},
		"a cluster without a name": {"virt_cluster_migration_policy", attributes{"name": text(""), "hosts": names("kvm1")}, "name"},
		"a cluster without hosts":  {"virt_cluster_migration_policy", attributes{"name": text("compute"), "hosts": names()}, "hosts"},
		"settings without hosts":   {"virt_migration_global_settings", attributes{"hosts": names()}, "hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireFault(t, p, test.resource, test.config, test.at)
		})
	}
}

func requireFault(t *testing.T, p protocol, resource string, config map[string]tftypes.Value, at string) {
	t.Helper()
	diagnostics := p.validate(t.Context(), t, resource, config)
	var got []string
	for _, d := range diagnostics {
		got = append(got, d.Attribute.String())
	}
	var want []string
	if at != "" {
		want = []string{tftypes.NewAttributePath().WithAttributeName(at).String()}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%s", diff, texts(diagnostics))
	}
}

// TestValidate_hosts has one fault, on the field that has it, both before any plan
// and when the provider is configured; and no fault repeats a password.
func TestValidate_hosts(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse"
	for name, test := range map[string]struct {
		fields map[string]string
		at     string
		later  bool // only the machine that applies can tell
	}{
		"an alias that nobody has":    {map[string]string{"uri": "kvm1"}, "uri", true},
		"no QEMU":                     {map[string]string{"uri": "xen+tcp://kvm1/system"}, "uri", false},
		"a local peer":                {map[string]string{"uri": "qemu+tcp://kvm1/system", "peer_uri": "qemu:///system"}, "peer_uri", false},
		"a migration URI without tcp": {map[string]string{"uri": "qemu+tcp://kvm1/system", "migration_uri": "10.0.0.2"}, "migration_uri", false},
		"a user without a password":   {map[string]string{"uri": "qemu+tls://kvm1/system", "username": "operator"}, "password", false},
		"a password over TLS":         {map[string]string{"uri": "qemu+tls://operator:" + secret + "@kvm1/system"}, "uri", false},
		"a password over TCP":         {map[string]string{"uri": "qemu+tcp://operator:" + secret + "@kvm1/system"}, "uri", false},
		"a password over SSH":         {map[string]string{"uri": "qemu+ssh://operator:" + secret + "@kvm1/system"}, "uri", false},
		"a password on a socket":      {map[string]string{"uri": "qemu+unix://operator:" + secret + "@/system"}, "uri", false},
		"a password for a peer":       {map[string]string{"uri": "qemu+tcp://kvm1/system", "peer_uri": "qemu+tls://operator:" + secret + "@kvm1/system"}, "peer_uri", false},
		"a password for the memory":   {map[string]string{"uri": "qemu+tcp://kvm1/system", "migration_uri": "tcp://operator:" + secret + "@10.0.0.2"}, "migration_uri", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProtocol(t)
			hosts := map[string]map[string]string{"kvm1": test.fields}
			faults := map[string][]*tfprotov6.Diagnostic{"configured": p.configureHosts(t, hosts)}
			if validated := p.validateHosts(t, hosts); !test.later {
				faults["validated"] = validated
			} else if len(validated) > 0 {
				t.Errorf("validated: %s", texts(validated))
			}
			want := tftypes.NewAttributePath().WithAttributeName("hosts").WithElementKeyString("kvm1").WithAttributeName(test.at)
			for when, said := range faults {
				if len(said) != 1 || !said[0].Attribute.Equal(want) {
					t.Errorf("%s: want one fault on %s, got %s", when, want, texts(said))
				}
				if strings.Contains(strings.Join(texts(said), ""), secret) {
					t.Errorf("%s: the password shows: %s", when, texts(said))
				}
			}
		})
	}
}
