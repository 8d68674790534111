package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestParse_listeners(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		devices string
		want    []preflight.Listener
	}{
		"serial": {
			`<serial type='tcp'><source mode='bind' host='10.0.0.1' service='4555'/><protocol type='telnet'/></serial>`,
			[]preflight.Listener{{Device: "serial 0", Address: "10.0.0.1", Ports: []int{4555}}},
		},
		"serial and its console": {
			`<serial type='tcp'><source mode='bind' host='10.0.0.1' service='4555' tls='yes'/><protocol type='raw'/></serial>
			<console type='tcp'><source mode='bind' host='10.0.0.1' service='4555'/><target type='serial' port='0'/></console>`,
			[]preflight.Listener{{Device: "serial 0", Address: "10.0.0.1", Ports: []int{4555}}},
		},
		"parallel": {
			`<parallel type='udp'><source mode='bind' host='10.0.0.1' service='4555'/><source mode='connect' host='10.0.0.9' service='4556'/></parallel>`,
			[]preflight.Listener{{Device: "parallel 0", Address: "10.0.0.1", Ports: []int{4555}, UDP: true}},
		},
		"console": {
			`<console type='tcp'><source mode='bind' host='::1' service='4555'/><target type='virtio'/></console>`,
			[]preflight.Listener{{Device: "console 0", Address: "::1", Ports: []int{4555}}},
		},
		"channel by the name of a service": {
			`<channel type='tcp'><source mode='bind' host='10.0.0.1' service='telnet'/><target type='virtio' name='a'/></channel>`,
			[]preflight.Listener{{Device: "channel 0", Address: "10.0.0.1"}},
		},
		"redirected USB": {
			`<redirdev bus='usb' type='tcp'><source mode='bind' host='10.0.0.1' service='4000'/></redirdev>`,
			[]preflight.Listener{{Device: "redirdev 0", Address: "10.0.0.1", Ports: []int{4000}}},
		},
		"smartcard": {
			`<smartcard mode='passthrough' type='tcp'><source mode='bind' host='10.0.0.1' service='2001'/></smartcard>`,
			[]preflight.Listener{{Device: "smartcard 0", Address: "10.0.0.1", Ports: []int{2001}}},
		},
		"random numbers": {
			`<rng model='virtio'><backend model='egd' type='udp'><source mode='bind' host='10.0.0.1' service='1234'/></backend></rng>
			<rng model='virtio'><backend model='egd' type='tcp'><source mode='bind' host='10.0.0.1' service='1235'/></backend></rng>`,
			[]preflight.Listener{
				{Device: "rng", Address: "10.0.0.1", Ports: []int{1234}, UDP: true},
				{Device: "rng", Address: "10.0.0.1", Ports: []int{1235}},
			},
		},
		"what connects": {
			`<serial type='tcp'><source mode='connect' host='10.0.0.1' service='4555'/></serial>
			<serial type='udp'><source mode='connect' host='10.0.0.1' service='4555'/></serial>
			<rng model='virtio'><backend model='egd' type='tcp'><source mode='connect' host='10.0.0.1' service='1234'/></backend></rng>
			<graphics type='vnc' socket='/run/vnc'><listen type='socket' socket='/run/vnc'/></graphics>`,
			nil,
		},
		"a websocket beside a port that the host chooses": {
			`<graphics type='vnc' port='5900' websocket='5701' autoport='yes' listen='10.0.0.1'/>
			<graphics type='vnc' port='5901' websocket='-1' autoport='yes' listen='10.0.0.1'/>`,
			[]preflight.Listener{
				{Device: "graphics vnc", Address: "10.0.0.1", Ports: []int{5701}},
				{Device: "graphics vnc", Address: "10.0.0.1"},
			},
		},
		"graphics": {
			`<graphics type='vnc' port='5901' websocket='5701' autoport='no' listen='10.0.0.1'/>
			<graphics type='spice' port='5902' tlsPort='5903' autoport='yes'><listen type='network' network='lan'/></graphics>`,
			[]preflight.Listener{
				{Device: "graphics vnc", Address: "10.0.0.1", Ports: []int{5901, 5701}},
				{Device: "graphics spice", Network: "lan"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := preflight.Parse("<domain type='qemu'><devices>" + test.devices + "</devices></domain>")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Listeners); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A domain that runs has also the ports that its host has chosen.
func TestParseNeighbour(t *testing.T) {
	t.Parallel()
	got, err := preflight.ParseNeighbour(`<domain type='qemu'><name>db</name><devices>
		<graphics type='vnc' port='5900' websocket='5700' autoport='yes' listen='0.0.0.0'/>
		<graphics type='spice' port='5902' tlsPort='5903' autoport='yes'/>
		<serial type='tcp'><source mode='bind' host='10.0.0.1' service='4555'/></serial></devices></domain>`)
	if err != nil {
		t.Fatal(err)
	}
	want := preflight.Neighbour{Domain: "db", Listeners: []preflight.Listener{
		{Device: "graphics vnc", Address: "0.0.0.0", Ports: []int{5900, 5700}},
		{Device: "graphics spice", Ports: []int{5902, 5903}},
		{Device: "serial 0", Address: "10.0.0.1", Ports: []int{4555}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
