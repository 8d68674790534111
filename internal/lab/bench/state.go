package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// multiply makes a state that has one instance of the resource for each guest, in blocks, of one that has it for the
// first: an apply of all takes long, because Terraform writes its whole state after each instance.
func (w *workspace) multiply(guests []*lab.Guest) error {
	path := filepath.Join(w.directory, "terraform.tfstate")
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(document, &state); err != nil {
		return err
	}
	var resources []map[string]json.RawMessage
	if err := json.Unmarshal(state["resources"], &resources); err != nil {
		return err
	}
	var instances []json.RawMessage
	if len(resources) == 1 {
		if err := json.Unmarshal(resources[0]["instances"], &instances); err != nil {
			return err
		}
	}
	if len(instances) != 1 {
		return fmt.Errorf("%s: not one instance of one resource", path)
	}
	first, instance := resources[0], string(instances[0])
	resources = nil
	for guestsOfBlock := range slices.Chunk(guests, blockSize) {
		block := maps.Clone(first)
		block["name"] = fmt.Appendf(nil, `"after_%d"`, len(resources)*blockSize)
		instances = nil
		for i, guest := range guestsOfBlock {
			text := strings.NewReplacer(guests[0].UUID, guest.UUID, guests[0].Name, guest.Name).Replace(instance)
			var copied map[string]json.RawMessage
			if err := json.Unmarshal([]byte(text), &copied); err != nil {
				return err
			}
			copied["index_key"] = fmt.Append(nil, i)
			document, err := json.Marshal(copied)
			if err != nil {
				return err
			}
			instances = append(instances, document)
		}
		if block["instances"], err = json.Marshal(instances); err != nil {
			return err
		}
		resources = append(resources, block)
	}
	if state["resources"], err = json.Marshal(resources); err != nil {
		return err
	}
	if document, err = json.MarshalIndent(state, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(path, document, 0o600)
}
