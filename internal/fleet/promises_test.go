package fleet

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPromises(t *testing.T) {
	t.Parallel()
	p := newPromises()
	want := func(to string, promised map[string]string) {
		t.Helper()
		got := map[string]string{}
		for uuid, promise := range p.toOthers(to) {
			got[uuid] = promise.host
		}
		if diff := cmp.Diff(promised, got); diff != "" {
			t.Errorf("promised to others than %q (-want +got):\n%s", to, diff)
		}
	}
	want("web", map[string]string{})
	first := p.keep("web", promise{host: "kvm1"})
	second := p.keep("web", promise{host: "kvm2"})
	db := p.keep("db", promise{host: "kvm3"})
	want("web", map[string]string{"db": "kvm3"})
	want("", map[string]string{"db": "kvm3", "web": "kvm2"})
	db()
	first()
	first()
	want("", map[string]string{"web": "kvm2"})
	second()
	want("", map[string]string{})

	// What a plan has promised goes with the move.
	p.plan("web", promise{host: "kvm1"})
	want("", map[string]string{"web": "kvm1"})
	forget := p.keep("web", promise{host: "kvm1"})
	forget()
	want("", map[string]string{})

	// What was retracted is not taken back once more.
	old := p.keep("web", promise{host: "kvm1"})
	p.retract("web")
	want("", map[string]string{})
	p.keep("web", promise{host: "kvm2"})
	old()
	want("", map[string]string{"web": "kvm2"})
}

// One at a time chooses, and who waits for that ends with its context.
func TestPromises_alone(t *testing.T) {
	t.Parallel()
	p := newPromises()
	release, err := p.alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.alone(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("beside another: %v", err)
	}
	release()
	if release, err = p.alone(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
}
