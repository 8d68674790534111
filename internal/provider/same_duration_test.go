package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestAnotherSpellingOfADurationIsNoChange(t *testing.T) {
	t.Parallel()
	text, null, unknown := types.StringValue, types.StringNull(), types.StringUnknown()
	for name, test := range map[string]struct{ state, planned, want types.String }{
		"the same spelling":    {text("60m"), text("60m"), text("60m")},
		"another spelling":     {text("60m"), text("1h0m0s"), text("60m")},
		"another duration":     {text("60m"), text("61m"), text("61m")},
		"none, and left out":   {text("0s"), null, null},
		"left out, and none":   {null, text("0s"), text("0s")},
		"none, and not known":  {text("0s"), unknown, unknown},
		"both spellings of no": {text("0s"), text("0h0m"), text("0s")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := planmodifier.StringResponse{PlanValue: test.planned}
			sameDuration{}.PlanModifyString(t.Context(), planmodifier.StringRequest{StateValue: test.state, PlanValue: test.planned}, &resp)
			if !resp.PlanValue.Equal(test.want) {
				t.Errorf("state has %s and the plan %s: it becomes %s, want %s", test.state, test.planned, resp.PlanValue, test.want)
			}
		})
	}
}
