package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

// operator invokes the provider's action as Terraform does, in this process, so that the start of Terraform is not
// measured.
type operator struct{ server provider.Server }

// newOperator makes a provider for hosts, with what else is given of its configuration, which dials none before an
// action is invoked. Close it.
func newOperator(ctx context.Context, hosts []*lab.Host, more map[string]any) (*operator, error) {
	settings := map[string]any{}
	for _, h := range hosts {
		settings[h.Name] = map[string]string{"uri": h.URI, "migration_uri": h.MigrationURI}
	}
	given := map[string]any{
		"hosts": settings, "max_outgoing_migrations": together, "max_incoming_migrations": together,
	}
	maps.Copy(given, more)
	config, err := encode(given)
	if err != nil {
		return nil, err
	}
	o := &operator{provider.NewServer("bench")}
	resp, err := o.server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config})
	if err == nil {
		err = failure(resp.Diagnostics)
	}
	if err != nil {
		o.server.Close()
		return nil, err
	}
	return o, nil
}

func (o *operator) Close() { o.server.Close() }

// move moves a guest, and returns the seconds from the invocation to the completed event.
func (o *operator) move(ctx context.Context, guest *lab.Guest, to *lab.Host, policy map[string]any) (float64, error) {
	given := map[string]any{"vm": guest.UUID, "destination": to.Name, "mode": "peer_to_peer"}
	maps.Copy(given, policy)
	return o.invoke(ctx, "virt_vm_live_migration", given)
}

// invoke invokes an action, and returns the seconds to the completed event.
func (o *operator) invoke(ctx context.Context, action string, given map[string]any) (float64, error) {
	config, err := encode(given)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	stream, err := o.server.InvokeAction(ctx, &tfprotov6.InvokeActionRequest{ActionType: action, Config: config})
	if err != nil {
		return 0, err
	}
	for event := range stream.Events {
		if completed, ok := event.Type.(tfprotov6.CompletedInvokeActionEventType); ok {
			return time.Since(started).Seconds(), failure(completed.Diagnostics)
		}
	}
	return 0, errors.New("the action did not complete")
}

// encode gives an object as Terraform may send it; what is left out is null.
func encode(object map[string]any) (*tfprotov6.DynamicValue, error) {
	document, err := json.Marshal(object)
	return &tfprotov6.DynamicValue{JSON: document}, err
}

// failure is the first error of diagnostics, or nil.
func failure(diagnostics []*tfprotov6.Diagnostic) error {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}
