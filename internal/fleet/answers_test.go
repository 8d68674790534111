package fleet

import (
	"context"
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// hostsNamed are hosts that nobody asks.
func hostsNamed(t *testing.T, names ...string) []*host.Host {
	t.Helper()
	hosts := make([]*host.Host, len(names))
	for i, name := range names {
		h, err := host.New(host.Config{Name: name, URI: "qemu+tcp://" + name + ".example.com/system"})
		if err != nil {
			t.Fatal(err)
		}
		hosts[i] = h
	}
	return hosts
}

// A host that answers late holds back no other, and is not waited for once nobody takes more.
func TestAnswersComeAsTheyAreGiven(t *testing.T) {
	t.Parallel()
	slow, ended := make(chan struct{}), make(chan struct{})
	ask := func(ctx context.Context, h *host.Host) string {
		if h.Name() != "kvm1" {
			return h.Name()
		}
		select {
		case <-slow:
			return h.Name()
		case <-ctx.Done():
			close(ended)
			return "nobody waits"
		}
	}
	hosts := hostsNamed(t, "kvm1", "kvm2", "kvm3")
	var came []string
	for h, said := range answers(t.Context(), hosts, ask) {
		if h.Name() != said {
			t.Errorf("%s is taken for the answer of %s", said, h.Name())
		}
		if came = append(came, said); len(came) == 2 {
			close(slow)
		}
	}
	if len(came) != 3 || came[2] != "kvm1" {
		t.Errorf("the answers come as %v, want kvm1 last", came)
	}
	slow = make(chan struct{})
	came = nil
	for h := range answers(t.Context(), hosts, ask) {
		if came = append(came, h.Name()); len(came) == 2 {
			break
		}
	}
	select {
	case <-ended:
	default:
		t.Error("the question to kvm1 goes on")
	}
	if slices.Contains(came, "kvm1") {
		t.Errorf("the answers come as %v", came)
	}
}
