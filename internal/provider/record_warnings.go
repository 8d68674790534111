package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// renamedWarning warns once in a run of each host that has another name.
func renamedWarning(i *instance.Registry, renamed []fleet.Renaming) diag.Diagnostics {
	things := make([]string, len(renamed))
	for k, r := range renamed {
		things[k] = "renamed " + r.From + " " + r.Now.Name + " " + r.Now.UUID
	}
	var news []fleet.Renaming
	for k, isNew := range i.News(things...) {
		if isNew {
			news = append(news, renamed[k])
		}
	}
	return warned(explain.HostRenamed(news)...)
}

// takenWarning warns of a record that was taken over. One copy stands for all.
func takenWarning(object string, taken []fleet.Copy) diag.Diagnostics {
	if len(taken) == 0 {
		return nil
	}
	return warned(explain.TakenOver(object, taken[0]))
}

// leftWarning warns of a record that a destroy leaves, unless another resource has
// declared it in the same apply. One copy stands for all.
func leftWarning(i *instance.Registry, object string, left []fleet.Copy) diag.Diagnostics {
	if len(left) == 0 || i.Made(left[0].Record.Owner) {
		return nil
	}
	return warned(explain.LeftInPlace(object, left[0]))
}

// unreachableWarning warns of hosts that a plan goes on without.
func unreachableWarning(unseen []error) diag.Diagnostics {
	if len(unseen) == 0 {
		return nil
	}
	return warned(explain.Unseen(unseen))
}
