package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestLastMigrationTellsTheModeOnlyWhereItIsKnown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		report migration.Report
		want   types.String
	}{
		"peer-to-peer": {migration.Report{Moved: true, Mode: migration.PeerToPeer}, types.StringValue("peer_to_peer")},
		"direct":       {migration.Report{Moved: true, Mode: migration.Direct}, types.StringValue("direct")},
		"only watched": {migration.Report{Moved: true, Adopted: true}, types.StringNull()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lastMigrationObject(test.report, history.Entry{}, types.ObjectNull(lastMigrationTypes())).Attributes()["mode"]; !got.Equal(test.want) {
				t.Errorf("mode %s, want %s", got, test.want)
			}
		})
	}
}

// TestLastMigrationIsKeptWhenSomebodyElseMovesTheVM is there already, and so is not
// moved by the resource.
func TestLastMigrationIsKeptWhenSomebodyElseMovesTheVM(t *testing.T) {
	t.Parallel()
	never := types.ObjectNull(lastMigrationTypes())
	ours := lastMigrationObject(migration.Report{Subject: migration.Subject{Source: "kvm2", Destination: "kvm1"}, Moved: true}, history.Entry{}, never)
	for name, test := range map[string]struct {
		report migration.Report
		last   types.Object
	}{
		"it was moved before":           {migration.Report{}, ours},
		"it was never moved":            {migration.Report{}, never},
		"by a run that was killed":      {migration.Report{Unwatched: true}, ours},
		"by a run, and never before it": {migration.Report{Unwatched: true}, never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lastMigrationObject(test.report, history.Entry{}, test.last); !got.Equal(test.last) {
				t.Errorf("got %s, want %s", got, test.last)
			}
		})
	}
}
