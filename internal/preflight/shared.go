package preflight

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// How long the checks of other moves go by an answer of a host.
const (
	// steady is for what only an administrator changes.
	steady = time.Minute
	// volatile is for what VMs change that come and go: as long as the checks of one plan
	// ask at once, and shorter than any move.
	volatile = time.Second
)

// Shared is a host that is asked once what it says about itself, however many moves are
// checked. It is safe for concurrent use, and must not be copied.
type Shared struct {
	Host

	cordon    memo[cordon.Record]
	memory    memo[migration.Memory]
	resources resources
}

// Share makes a shared host. It lives as long as one run of the provider.
func Share(h Host) *Shared { return &Shared{Host: h} }

// Cordon implements Host.
func (s *Shared) Cordon(ctx context.Context) (cordon.Record, error) {
	return s.cordon.get(ctx, volatile, s.Host.Cordon)
}

// Memory implements Host.
func (s *Shared) Memory(ctx context.Context) (migration.Memory, error) {
	return s.memory.get(ctx, volatile, s.Host.Memory)
}

// SharedSource is a shared host that runs a VM. What it says of the VM is not shared.
type SharedSource struct {
	*Shared

	domains Source
}

// From makes the source of a move of the shared host that domains is.
func (s *Shared) From(domains Source) SharedSource { return SharedSource{s, domains} }

// DomainXML implements Source.
func (s SharedSource) DomainXML(ctx context.Context, uuid string) (string, error) {
	return s.domains.DomainXML(ctx, uuid)
}

// ConfigXML implements Source.
func (s SharedSource) ConfigXML(ctx context.Context, uuid string) (string, error) {
	return s.domains.ConfigXML(ctx, uuid)
}

// LiveXML implements Source.
func (s SharedSource) LiveXML(ctx context.Context, uuid string) (string, error) {
	return s.domains.LiveXML(ctx, uuid)
}

// DiskSize implements Source.
func (s SharedSource) DiskSize(ctx context.Context, uuid, target string) (storage.Volume, error) {
	return s.domains.DiskSize(ctx, uuid, target)
}

// Begin implements Source.
func (s SharedSource) Begin(ctx context.Context, uuid string, p migration.Parameters) (string, []byte, error) {
	return s.domains.Begin(ctx, uuid, p)
}

type sinceKey struct{}

// since makes a context in which only answers that were asked for at that time or later
// are shared.
func since(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, sinceKey{}, at)
}

func notBefore(ctx context.Context) time.Time {
	at, _ := ctx.Value(sinceKey{}).(time.Time)
	return at
}

// memo keeps one answer. The zero value is ready for use.
type memo[T any] struct {
	once sync.Once
	lock chan struct{} // held by who asks; a context can end the wait for it
	// at is when the answer came, zero when there is none, and asked when it was asked for.
	at, asked time.Time
	value     T
	err       error
}

// get is the answer, which is asked for if there is none or it is older than age. Callers
// that come meanwhile wait for it, each as long as its own context lets it.
func (m *memo[T]) get(ctx context.Context, age time.Duration, ask func(context.Context) (T, error)) (T, error) {
	m.once.Do(func() { m.lock = make(chan struct{}, 1) })
	select {
	case m.lock <- struct{}{}:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { <-m.lock }()
	if !m.at.IsZero() && time.Since(m.at) < age && !m.asked.Before(notBefore(ctx)) {
		return m.value, m.err
	}
	asked := time.Now()
	value, err := ask(ctx)
	if err == nil || errors.Is(err, migration.ErrDenied) || errors.Is(err, migration.ErrUnsupported) {
		m.at, m.asked, m.value, m.err = time.Now(), asked, value, err
	}
	return value, err
}

// memos keeps the answers to a question about several things, such as networks by name.
// The zero value is ready for use.
type memos[K comparable, T any] struct {
	mu  sync.Mutex
	all map[K]*memo[T]
}

// get is the answer about key, as memo.get.
func (m *memos[K, T]) get(
	ctx context.Context, age time.Duration, key K, ask func(context.Context, K) (T, error),
) (T, error) {
	m.mu.Lock()
	if m.all == nil {
		m.all = map[K]*memo[T]{}
	}
	one := m.all[key]
	if one == nil {
		one = &memo[T]{}
		m.all[key] = one
	}
	m.mu.Unlock()
	return one.get(ctx, age, func(ctx context.Context) (T, error) { return ask(ctx, key) })
}
