//go:build lab

package lab_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestHostsAreAlike is about what every host has for guests, so that a pair of hosts is a good one.
func TestHostsAreAlike(t *testing.T) {
	world := current(t)
	for _, host := range world.Hosts {
		if networks := host.MustVirsh(t, "net-list", "--name"); strings.TrimSpace(networks) != lab.Network {
			t.Errorf("%s: active networks %q, want %s", host.Name, networks, lab.Network)
		}
		if pools := host.MustVirsh(t, "pool-list", "--name"); strings.TrimSpace(pools) != lab.Pool {
			t.Errorf("%s: active pools %q, want %s", host.Name, pools, lab.Pool)
		}
		devices := host.MustVirsh(t, "nodedev-list", "--cap", "net")
		if !strings.Contains(devices, "net_eth0") || strings.Contains(devices, "kvm") || strings.Contains(devices, "lab0") {
			t.Errorf("%s: network devices %q, want its own eth0, and none of others", host.Name, devices)
		}
		if !hasBridge(t, host) {
			t.Errorf("%s has no bridge", host.Name)
		}
	}
}

func TestHostsCanDiffer(t *testing.T) {
	world := current(t)
	world.HealAfter(t)
	ctx, here, there := t.Context(), world.Hosts[0], world.Hosts[1]
	resolved := func(host *lab.Host, name string) string {
		printed, err := host.Command(ctx, "getent", "hosts", name).Output()
		must(t, err)
		return strings.Fields(string(printed))[0]
	}
	must(t, there.Resolve(world, there.Name, "127.0.1.1"))
	if own, others := resolved(there, there.Name), resolved(here, there.Name); own != "127.0.1.1" || others != there.Address {
		t.Errorf("%s resolves to %s there, to %s elsewhere", there.Name, own, others)
	}
	must(t, there.DropBridge(ctx))
	if hasBridge(t, there) {
		t.Error("the bridge is still there")
	}
	must(t, there.DropNetwork(ctx))
	must(t, there.DropPorts(ctx, 16509, 16509))
	if heard(ctx, there) {
		t.Error("a connection to a port that is dropped")
	}
	must(t, world.Heal(ctx))
	if resolved(there, there.Name) != there.Address || !heard(ctx, there) {
		t.Error("the host is not as it was")
	}
	TestHostsAreAlike(t)
}

const port = 16509

// hasBridge asks the host's sysfs: libvirt's node devices are without bridges, which have a DEVTYPE.
func hasBridge(t *testing.T, host *lab.Host) bool {
	return host.Command(t.Context(), "test", "-d", "/sys/class/net/"+lab.Bridge+"/bridge").Run() == nil
}

// heard tells whether the host's libvirtd takes a connection.
func heard(ctx context.Context, host *lab.Host) bool {
	connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(host.Address, "16509"))
	if err != nil {
		return false
	}
	connection.Close()
	return true
}
