//go:build lab

package faults

import (
	"net"
	"net/url"
	"os"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// settingFaults are hosts that are not as the configuration says.
var settingFaults = []scenario{
	{
		name:    "the destination's port for memory is refused",
		arrange: func(s *stage) { s.settings.migrationURI = "tcp://" + callerAddress + ":9" },
		want:    want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"refused"}, within: 40 * time.Second},
		repair:  (*stage).rightSettings,
	},
	{
		name:    "migration_uri has an address that nobody has",
		arrange: func(s *stage) { s.settings.migrationURI = "tcp://10.77.0.250" },
		want:    want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"10.77.0.250"}, within: 60 * time.Second},
		repair:  (*stage).rightSettings,
	},
	{
		name:    "migration_uri has a name that nobody knows",
		arrange: func(s *stage) { s.settings.migrationURI = "tcp://nowhere.invalid" },
		want:    want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"nowhere.invalid"}, within: 60 * time.Second},
		repair:  (*stage).rightSettings,
	},
	{
		name:    "the destination's libvirtd refuses connections",
		arrange: func(s *stage) { s.must(s.to.Kill(s.Context())) },
		want:    want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{unplanned}, words: []string{"refused"}, within: 40 * time.Second},
	},
	{
		name:    "the destination's libvirtd refuses the source",
		modes:   []string{peerToPeer},
		arrange: func(s *stage) { s.settings.peerURI = withHost(s.to.PeerURI, s.to.Address+":9") },
		want:    want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"refused"}, within: 40 * time.Second},
		repair:  (*stage).rightSettings,
	},
	{
		name:    "the destination's libvirtd refuses the source, and either mode will do",
		modes:   []string{auto},
		arrange: func(s *stage) { s.settings.peerURI = withHost(s.to.PeerURI, s.to.Address+":9") },
		want:    want{ends: []whereabouts{onDestination}, codes: []int{0}, words: []string{"going direct"}, within: 60 * time.Second},
	},
	{
		name:    "the destination's libvirtd is mute to the source",
		modes:   []string{peerToPeer},
		policy:  slow,
		arrange: (*stage).mutePeer,
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed},
			words: []string{"peer_uri", "Restarting libvirt on source"}, within: 2 * time.Minute,
		},
		// As the provider advises.
		repair: func(s *stage) { s.rightSettings(); s.must(s.from.Restart(s.Context())) },
	},
	{
		name:    "the guest's disk is missing on the destination",
		arrange: func(s *stage) { s.must(s.to.Hide(s.guest.Disks()[0].Path)) },
		want:    want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"-vda.raw", "destination has no such file"}, within: 40 * time.Second},
		repair:  func(s *stage) { s.must(os.Link(s.disk(s.from), s.disk(s.to))) },
	},
}

// callerAddress is where programs are that run on none of the hosts.
const callerAddress = "10.77.0.1"

// rightSettings takes wrong ones back.
func (s *stage) rightSettings() {
	s.settings = settings{sourceURI: s.from.URI, destinationURI: s.to.URI, peerURI: s.to.PeerURI, migrationURI: s.to.MigrationURI}
}

// mutePeer makes the source's libvirtd speak to somebody who never answers. Terraform speaks to the destination.
func (s *stage) mutePeer() {
	s.Helper()
	listener, err := net.Listen("tcp", callerAddress+":0")
	s.must(err)
	s.Cleanup(func() { listener.Close() })
	s.settings.peerURI = withHost(s.to.PeerURI, listener.Addr().String())
}

func withHost(uri, host string) string {
	u, err := url.Parse(uri)
	if err != nil {
		panic(err) // the lab's own
	}
	u.Host = host
	return u.String()
}

// disk is the guest's disk as a host has it.
func (s *stage) disk(host *lab.Host) string {
	return host.File(s.guest.Disks()[0].Path)
}
