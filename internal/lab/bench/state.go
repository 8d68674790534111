package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// multiply makes a state that has one instance of the resource for each guest of one that has it for the first: an apply of
// all takes long, because Terraform writes its whole state after each instance.
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
	for i, guest := range guests[1:] {
		text := strings.NewReplacer(guests[0].UUID, guest.UUID, guests[0].Name, guest.Name).Replace(string(instances[0]))
		var instance map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &instance); err != nil {
			return err
		}
		instance["index_key"] = fmt.Append(nil, i+1)
		copied, err := json.Marshal(instance)
		if err != nil {
			return err
		}
		instances = append(instances, copied)
	}
	if resources[0]["instances"], err = json.Marshal(instances); err != nil {
		return err
	}
	if state["resources"], err = json.Marshal(resources); err != nil {
		return err
	}
	if document, err = json.MarshalIndent(state, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(path, document, 0o600)
}
