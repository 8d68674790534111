package fleet

import (
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestTellParts(t *testing.T) {
	t.Parallel()
	const out, in, unknown = migration.OperationMigrationOut, migration.OperationMigrationIn, migration.OperationUnknown
	type does = map[string]migration.JobOperation
	for name, test := range map[string]struct {
		said                      []string
		does                      does
		source, destination, home string
		err                       any
	}{
		"both parts":                        {said: []string{"failed", "failed"}, does: does{"a": out, "b": in}, source: "a", destination: "b"},
		"both parts, the other way":         {said: []string{"failed", "failed"}, does: does{"a": in, "b": out}, source: "b", destination: "a"},
		"the job tells of one end only":     {said: []string{"failed", "failed"}, does: does{"a": out, "b": unknown}, source: "a", destination: "b"},
		"the other end's job tells":         {said: []string{"failed", "failed"}, does: does{"a": in, "b": unknown}, source: "b", destination: "a"},
		"no job tells":                      {said: []string{"failed", "failed"}, does: does{"a": unknown, "b": unknown}, err: new(*BrokenPostCopyError)},
		"two sources":                       {said: []string{"failed", "failed"}, does: does{"a": out, "b": out}, err: new(*BrokenPostCopyError)},
		"three parts":                       {said: []string{"failed", "failed", "failed"}, does: does{"a": out, "b": in, "c": in}, err: new(*BrokenPostCopyError)},
		"a part that has not noticed":       {said: []string{"post-copy source", "failed"}, does: does{"a": out, "b": in}, source: "a", destination: "b"},
		"a source resumed by hand":          {said: []string{"running", "failed"}, does: does{"b": in}, source: "a", destination: "b"},
		"a destination ended and restarted": {said: []string{"failed", "running"}, does: does{"a": out}, source: "a", destination: "b"},
		"under way":                         {said: []string{"post-copy source", "post-copy"}, does: does{"a": out, "b": in}, source: "a", destination: "b"},
		"a leftover definition beside":      {said: []string{"failed", "failed", "off"}, does: does{"a": out, "b": in}, source: "a", destination: "b"},
		"a third host is silent":            {said: []string{"failed", "failed", "?"}, does: does{"a": out, "b": in}, source: "a", destination: "b"},
		"one part, the other is gone":       {said: []string{"failed", "off"}, does: does{"a": out}, err: new(*PartMissingError)},
		"one part, the other host silent":   {said: []string{"failed", "?"}, does: does{"a": out}, err: new(*PartMissingError)},
		"runs":                              {said: []string{"", "running"}, home: "b"},
		"runs, and a host is silent":        {said: []string{"?", "running"}, home: "b"},
		"runs twice":                        {said: []string{"running", "running"}, err: new(*RunningTwiceError)},
		"shut off":                          {said: []string{"off", ""}, err: new(*NoPostCopyError)},
		"shut off, and a host is silent":    {said: []string{"off", "?"}, err: new(*ObservationError)},
		"nowhere":                           {said: []string{"", ""}, err: new(*NotFoundError)},
		"nowhere, and a host is silent":     {said: []string{"", "?"}, err: new(*ObservationError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, home, err := tellParts(hosts(test.said...), test.does)
			if test.err != nil {
				if err == nil || !errors.As(err, test.err) {
					t.Errorf("error %v, want a %T", err, test.err)
				}
				return
			}
			at := ""
			if home != nil {
				at = home.Host
			}
			if err != nil || got.source.Host != test.source || got.destination.Host != test.destination || at != test.home {
				t.Errorf("source %q, destination %q, home %q, error %v", got.source.Host, got.destination.Host, at, err)
			}
		})
	}
}
