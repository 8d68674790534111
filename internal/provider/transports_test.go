//go:build lab

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const (
	saslUser     = "operator"
	saslPassword = "correct-horse-battery"
)

// TestAccTransports declares, changes, imports and removes a policy on every
// level over each way to a host.
// It runs alone: host-level records are one per host.
func TestAccTransports(t *testing.T) {
	for name, test := range map[string]struct {
		uri   func(*lab.Host) string
		login bool
	}{
		"tcp":                      {uri: func(h *lab.Host) string { return h.URI }},
		"tls":                      {uri: func(h *lab.Host) string { return h.TLSURI }},
		"tls with a login":         {uri: func(h *lab.Host) string { return h.TLSURI }, login: true},
		"socket":                   {uri: func(h *lab.Host) string { return h.SocketURI }},
		"ssh":                      {uri: func(h *lab.Host) string { return h.SSHURI }},
		"ssh without a ssh client": {uri: libssh},
	} {
		t.Run(name, func(t *testing.T) {
			withoutHostRecords(t)
			guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
			block := providerBlock{Hosts: map[string]hostBlock{}}
			for _, h := range pair(t) {
				b := hostBlock{URI: test.uri(h), PeerURI: h.PeerURI, MigrationURI: h.MigrationURI}
				if test.login {
					h.RequireLogin(t, saslUser, saslPassword, "scram-sha-256")
					b.Username, b.Password = saslUser, saslPassword
				}
				block.Hosts[h.Name] = b
			}
			policyLife(t, block, guest)
		})
	}
}

// overSSH reaches the same hosts by SSH. They reach each other by TCP, so that all
// tunnels are Terraform's.
func (b providerBlock) overSSH(t *testing.T) providerBlock {
	t.Helper()
	hosts := map[string]hostBlock{}
	for name, h := range b.Hosts {
		h.URI, h.PeerURI = testLab(t).Host(name).SSHURI, testLab(t).Host(name).PeerURI
		hosts[name] = h
	}
	b.Hosts = hosts
	return b
}

// libssh is a host's URI for the provider's own client of SSH, which does not
// read the lab's configuration of ssh.
func libssh(h *lab.Host) string {
	world, err := lab.Current()
	if err != nil {
		panic(err) // the test is in the lab already
	}
	return strings.Replace(h.SSHURI, "qemu+ssh", "qemu+libssh", 1) +
		"?keyfile=" + world.SSH.Key + "&known_hosts=" + world.SSH.KnownHosts
}

// policyLife is the life of a policy on every level.
func policyLife(t *testing.T, block providerBlock, guest *lab.Guest) {
	t.Helper()
	const resources = "virt_migration_global_settings.all"
	acceptance(t,
		resource.TestStep{
			Config: block.with(t, everyLevelBody, vmPolicyData{guest.Name, ``}),
			ConfigStateChecks: []statecheck.StateCheck{
				expectHosts(resources, "kvm1", "kvm2"),
				expectNoDrift(vmPolicy),
			},
		},
		resource.TestStep{
			Config: block.with(t, everyLevelBody, vmPolicyData{guest.Name, `compression = true`}),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(resources, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionUpdate),
			}},
		},
		resource.TestStep{ResourceName: vmPolicy, ImportState: true, ImportStateId: guest.Name, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "uuid"},
	)
}

// TestAccTransports_readOnly plans over sockets that can change nothing.
// It runs alone: host-level records are one per host.
func TestAccTransports_readOnly(t *testing.T) {
	withoutHostRecords(t)
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	config := func(suffix, policy string) string {
		block := labProvider(t)
		for name, h := range block.Hosts {
			h.URI = testLab(t).Host(name).SocketURI + suffix
			block.Hosts[name] = h
		}
		return block.with(t, everyLevelBody, vmPolicyData{guest.Name, policy})
	}
	acceptance(t,
		resource.TestStep{Config: config("", ``)},
		resource.TestStep{Config: config("-ro", ``), PlanOnly: true},
		resource.TestStep{Config: config("-ro", `compression = true`), PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{
			Config:      config("-ro", `compression = true`),
			ExpectError: sayingAll("Unable to", "read only access prevents"),
		},
		resource.TestStep{Config: config("", ``)},
	)
}
