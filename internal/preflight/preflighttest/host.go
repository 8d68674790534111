// Package preflighttest has a host that answers the checks of package preflight as a test
// wants it to.
package preflighttest

import (
	"context"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Host is a preflight.Source and a preflight.Host.
type Host struct {
	Resources

	name string

	// Definition, Config and Live are what DomainXML, ConfigXML and LiveXML answer.
	Definition, Config, Live string
	// Record is what Cordon answers.
	Record cordon.Record
	// Has and CPUProblem are what Memory and CompareCPU answer.
	Has        migration.Memory
	CPUProblem error
	// Sizes is what DiskSize answers, by target.
	Sizes map[string]storage.Volume
	// BeginAnswers, when not nil, is what Begin answers, by its parameters.
	BeginAnswers func(migration.Parameters) error
	// Saved is what HasManagedSave answers.
	Saved bool

	mu     sync.Mutex
	before map[string]func(context.Context) error
	calls  map[string]int
}

var _ preflight.Source = (*Host)(nil)

// New makes a host with 32 of 64 GiB of memory available, on which nothing is amiss.
func New(name string) *Host {
	const gib = 1 << 30
	return &Host{
		name: name, Definition: "<domain type='qemu'><name>web</name></domain>",
		Has:    migration.Memory{Total: 64 * gib, Available: 32 * gib},
		before: map[string]func(context.Context) error{}, calls: map[string]int{},
	}
}

// Before has a function run before a call is answered; its error is the answer.
func (h *Host) Before(call string, f func(context.Context) error) { h.before[call] = f }

// Fails has a call fail.
func (h *Host) Fails(call string, err error) {
	h.before[call] = func(context.Context) error { return err }
}

// Calls is how often a call was made.
func (h *Host) Calls(call string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[call]
}

// answer counts a call and answers it.
func answer[T any](ctx context.Context, h *Host, call string, value T) (T, error) {
	h.mu.Lock()
	h.calls[call]++
	before := h.before[call]
	h.mu.Unlock()
	if before != nil {
		if err := before(ctx); err != nil {
			var none T
			return none, err
		}
	}
	return value, nil
}

// Name implements preflight.Host.
func (h *Host) Name() string { return h.name }

// DomainXML implements preflight.Source.
func (h *Host) DomainXML(ctx context.Context, _ string) (string, error) {
	return answer(ctx, h, "DomainXML", h.Definition)
}

// ConfigXML implements preflight.Source.
func (h *Host) ConfigXML(ctx context.Context, _ string) (string, error) {
	return answer(ctx, h, "ConfigXML", h.Config)
}

// LiveXML implements preflight.Source.
func (h *Host) LiveXML(ctx context.Context, _ string) (string, error) {
	return answer(ctx, h, "LiveXML", h.Live)
}

// DiskSize implements preflight.Source.
func (h *Host) DiskSize(ctx context.Context, _, target string) (storage.Volume, error) {
	return answer(ctx, h, "DiskSize", h.Sizes[target])
}

// Begin implements preflight.Source.
func (h *Host) Begin(ctx context.Context, _ string, p migration.Parameters) (string, []byte, error) {
	xml, err := answer(ctx, h, "Begin", h.Definition)
	if err == nil && h.BeginAnswers != nil {
		err = h.BeginAnswers(p)
	}
	return xml, nil, err
}

// Cordon implements preflight.Host.
func (h *Host) Cordon(ctx context.Context) (cordon.Record, error) {
	return answer(ctx, h, "Cordon", h.Record)
}

// Memory implements preflight.Host.
func (h *Host) Memory(ctx context.Context) (migration.Memory, error) {
	return answer(ctx, h, "Memory", h.Has)
}

// HasManagedSave implements preflight.Host.
func (h *Host) HasManagedSave(ctx context.Context, _ string) (bool, error) {
	return answer(ctx, h, "HasManagedSave", h.Saved)
}

// CompareCPU implements preflight.Host.
func (h *Host) CompareCPU(ctx context.Context, _ preflight.CPU) error {
	problem, err := answer(ctx, h, "CompareCPU", h.CPUProblem)
	if err != nil {
		return err
	}
	return problem
}
