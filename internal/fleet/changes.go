package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// changes is what one move changes in the VM's definitions for its destination.
type changes struct {
	source *host.Host
	vm     string
	// running is for the definition that moves, and config for the persistent one of a VM that
	// runs, which two is.
	running, config definition.Request
	two             bool
	// past is the VM's history, as its source has it.
	past history.History
}

// changesOf are the changes of a move: those that it asks for, those of its destination, and
// those that take back what earlier moves have changed since the VM left that.
func (f *Fleet) changesOf(m Move, l Location, source *host.Host, past history.History, there string) changes {
	running, config := past.Back(there)
	if !l.Domain.Active() {
		running = config // the one that it has
	}
	c := changes{source: source, vm: l.Domain.UUID, past: past, two: l.Domain.Persistent && l.Domain.Active()}
	c.running = definition.Request{Move: m.Changes, Host: f.changes[m.Destination], Back: running}
	c.config = definition.Request{Move: m.Changes, Host: f.changes[m.Destination], Back: config}
	return c
}

// changed is what was changed, and the definitions that came of it.
type changed struct {
	running, config []definition.Change
	definitions     migration.Definitions
}

// RewriteError is a definition that could not be read or rewritten for the destination. Nothing
// was started.
type RewriteError struct {
	// Location is where the VM is.
	Location Location
	Err      error
}

func (e *RewriteError) Error() string {
	return fmt.Sprintf("the definition of VM %s could not be changed for its destination: %v", e.Location.Domain.Name,
		e.Err)
}

func (e *RewriteError) Unwrap() error { return e.Err }

// apply reads the definitions as they are now, and rewrites them.
func (c changes) apply(ctx context.Context, l Location) (changed, error) {
	var made changed
	if c.running.Empty() && c.config.Empty() {
		return made, nil
	}
	running, err := c.rewrite(ctx, c.running, false)
	if err != nil {
		return made, &RewriteError{l, err}
	}
	made.running, made.definitions.Running = running.Made(), definitionOf(running)
	if !c.two {
		return made, nil
	}
	config, err := c.rewrite(ctx, c.config, true)
	if err != nil {
		return made, &RewriteError{l, err}
	}
	made.definitions.Persistent = definitionOf(config)
	if !slices.Equal(config.Made(), made.running) {
		made.config = append([]definition.Change{}, config.Made()...)
	}
	return made, nil
}

func (c changes) rewrite(ctx context.Context, r definition.Request, persistent bool) (definition.Result, error) {
	xml, err := c.source.SecureXML(ctx, c.vm, persistent)
	if err != nil {
		return definition.Result{}, err
	}
	return definition.Apply(xml, r)
}

// definitionOf is a definition that was changed; empty for one that was not.
func definitionOf(r definition.Result) migration.Definition {
	if len(r.Changes) == 0 {
		return ""
	}
	return migration.Definition(r.XML)
}
