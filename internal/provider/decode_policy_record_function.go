package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var _ function.Function = decodePolicyRecordFunction{}

func newDecodePolicyRecordFunction() function.Function { return decodePolicyRecordFunction{} }

// decodePolicyRecordFunction reads a record that was taken from a host by other means.
type decodePolicyRecordFunction struct{}

func (decodePolicyRecordFunction) Metadata(
	_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse,
) {
	resp.Name = "decode_policy_record"
}

func (decodePolicyRecordFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "Policy in a record",
		MarkdownDescription: "Reads the JSON text of a policy record, as it is kept in libvirt: in the metadata of a " +
			"domain (`virsh metadata VM urn:virt:migration-policy:1`), or in the description of a secret " +
			"(`virsh secret-dumpxml`). The result has every policy field; one that the record leaves out is null and " +
			"inherits. What is no policy field (version, owner, time, name of the cluster) is left out, and so " +
			"is what a later minor release added.\n\n" +
			"A text that is no record, a value out of range and a record of a newer version are errors.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name:                "json",
				MarkdownDescription: "Text of the record, such as `{\"version\":1,\"auto_converge\":true}`.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: effectiveTypes()},
	}
}

func (decodePolicyRecordFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var document string
	if resp.Error = req.Arguments.Get(ctx, &document); resp.Error != nil {
		return
	}
	record, err := policy.DecodeRecord([]byte(document))
	if err != nil {
		resp.Error = argumentError(0, explain.InvalidRecord(err))
		return
	}
	resp.Error = resp.Result.Set(ctx, policyObject(record.Policy))
}
