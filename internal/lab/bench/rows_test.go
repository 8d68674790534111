//go:build lab

package bench

import (
	"os"
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// elsewhere are rows that measure what others do, too, only more of it: they take minutes more.
var elsewhere = []string{
	moves{}.Name(), copies{}.Name(), schedule{}.Name(), lull{}.Name(), bounds{}.Name(), manyMoves{}.Name(), drain{}.Name(), growth{}.Name(),
}

// TestRows measures rows with very few VMs. What the figures are says nothing here but that they can be made.
func TestRows(t *testing.T) {
	b := newBench(t, 4)
	for _, row := range Rows() {
		if slices.Contains(elsewhere, row.Name()) {
			continue
		}
		t.Run(row.Name(), func(t *testing.T) {
			figures, err := row.Measure(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if len(figures) == 0 {
				t.Fatal("it made no figures")
			}
			for _, f := range figures {
				t.Log(f)
				if !(f.Ours > 0 && f.Theirs > 0 && f.Ratio > 0) {
					t.Errorf("%+v", f)
				}
			}
		})
	}
	for _, h := range b.World.Hosts {
		if left := h.MustVirsh(t, "list", "--all", "--name"); left != "" {
			t.Errorf("left on %s: %s", h.Name, left)
		}
	}
}

// newBench has one round with fleets of so many VMs.
func newBench(t *testing.T, vms int) *Bench {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	kit, err := Pack(t.Context(), t.TempDir(), os.Getenv(terraformVariable))
	if err != nil {
		t.Fatal(err)
	}
	return &Bench{World: world, Kit: kit, VMs: vms, Rounds: 1, Say: t.Logf}
}
