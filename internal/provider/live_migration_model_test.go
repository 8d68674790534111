package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

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
			if got := lastMigrationObject(test.report).Attributes()["mode"]; !got.Equal(test.want) {
				t.Errorf("mode %s, want %s", got, test.want)
			}
		})
	}
}
