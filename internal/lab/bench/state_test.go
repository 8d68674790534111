//go:build lab

package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// The state of a fleet has the blocks of its configuration, full ones but for the last, and each guest once.
func TestMultiplyFillsTheBlocksOfTheConfiguration(t *testing.T) {
	t.Parallel()
	const vms = 2*blockSize + 1
	configuration, err := inBlocks(policiesConfiguration, vms)
	if err != nil {
		t.Fatal(err)
	}
	guests := make([]*lab.Guest, vms)
	for i := range guests {
		guests[i] = &lab.Guest{Name: fmt.Sprintf("vm-%05d", i+1), UUID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i+1)}
	}
	w := &workspace{directory: t.TempDir()}
	path := filepath.Join(w.directory, "terraform.tfstate")
	one := fmt.Sprintf(`{"serial":1,"resources":[{"mode":"managed","name":"after_0","instances":[
		{"index_key":0,"attributes":{"vm":%q,"uuid":%q}}]}]}`, guests[0].Name, guests[0].UUID)
	if err := os.WriteFile(path, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.multiply(guests); err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Name      string
			Instances []struct {
				Key        int `json:"index_key"`
				Attributes struct{ VM, UUID string }
			}
		}
	}
	if err := json.Unmarshal(document, &state); err != nil {
		t.Fatal(err)
	}
	before := 0
	for _, block := range state.Resources {
		if want := fmt.Sprintf("after_%d", before); block.Name != want || !strings.Contains(configuration, fmt.Sprintf("%q {", want)) {
			t.Errorf("block %q, want %q, which the configuration has", block.Name, want)
		}
		for i, instance := range block.Instances {
			guest := guests[before+i]
			if instance.Key != i || instance.Attributes.VM != guest.Name || instance.Attributes.UUID != guest.UUID {
				t.Errorf("%s[%d] is %+v, want that of %s", block.Name, i, instance, guest.Name)
			}
		}
		before += len(block.Instances)
	}
	if before != vms || strings.Count(configuration, "resource ") != len(state.Resources) {
		t.Errorf("%d instances in %d blocks, want %d in those of\n%s", before, len(state.Resources), vms, configuration)
	}
}
