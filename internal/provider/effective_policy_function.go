package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var _ function.Function = effectivePolicyFunction{}

func newEffectivePolicyFunction() function.Function { return effectivePolicyFunction{} }

// effectivePolicyFunction resolves three levels of policy, without any host.
type effectivePolicyFunction struct{}

func (effectivePolicyFunction) Metadata(
	_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse,
) {
	resp.Name = "effective_policy"
}

func (effectivePolicyFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	level := func(name, of string) function.Parameter {
		return function.DynamicParameter{
			Name: name, AllowNullValue: true,
			MarkdownDescription: of + ": an object with policy fields, under the names and with the types that the " +
				"resources have. A field that is left out or null inherits. Null: the level declares nothing.",
		}
	}
	resp.Definition = function.Definition{
		Summary: "Effective policy of three levels",
		MarkdownDescription: "Resolves the policies of three levels to the policy that holds for a VM, exactly as " +
			"`virt_effective_migration_policy` does with the records on the hosts, but without asking any host: for " +
			"tests of a module, and for what a policy would be before it is written.\n\n" +
			"Each field is resolved on its own: the VM's value, else the cluster's, else the global one, else the " +
			"built-in default. The result has every field; one that no level sets and that has no built-in default " +
			"is null, and the default of libvirt or QEMU applies.\n\n" +
			"A key that is no policy field is an error, and so is a value that a resource would refuse. " +
			"Values that contradict each other only across levels are not: a move refuses them.",
		Parameters: []function.Parameter{
			level("global", "Policy of the global settings"),
			level("cluster", "Policy of the cluster"),
			level("vm", "Policy of the VM"),
		},
		Return: function.ObjectReturn{AttributeTypes: effectiveTypes()},
	}
}

func (effectivePolicyFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var global, cluster, vm types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &global, &cluster, &vm); resp.Error != nil {
		return
	}
	arguments := []policyArgument{
		{policy.OriginGlobal, 0, global}, {policy.OriginCluster, 1, cluster}, {policy.OriginVM, 2, vm},
	}
	var levels policy.Levels
	for i, level := range []*policy.Policy{&levels.Global, &levels.Cluster, &levels.VM} {
		if !arguments[i].known() {
			resp.Error = resp.Result.Set(ctx, types.ObjectUnknown(effectiveTypes()))
			return
		}
		if *level, resp.Error = arguments[i].policy(); resp.Error != nil {
			return
		}
	}
	resp.Error = resp.Result.Set(ctx, effectiveObject(policy.Resolve(levels)))
}
