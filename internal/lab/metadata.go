package lab

import (
	"context"
	"fmt"
	"strings"
)

// CopyMetadata gives the definitions of other guests the metadata element of the first one: that of a namespace, with
// its prefix. It must have no quotes but double ones.
func (w *World) CopyMetadata(ctx context.Context, guests []*Guest, uri, prefix string) error {
	first := guests[0]
	element, err := w.Host(first.Spec.Host).Virsh(ctx, "metadata", first.UUID, uri, "--config")
	if err != nil {
		return err
	}
	element = strings.TrimSpace(element)
	return w.inBatches(ctx, guests[1:], func(g *Guest) (string, error) {
		return fmt.Sprintf("metadata %s %s --config --key %s --set '%s'", g.UUID, uri, prefix, element), nil
	})
}
