package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The values of a switch below the global level.
const (
	inheritSwitch = "inherit"
	switchTrue    = "true"
	switchFalse   = "false"
)

// attributeKind is how a policy field is written in Terraform.
type attributeKind int

const (
	switchAttribute attributeKind = iota
	numberAttribute
	durationAttribute
	wordAttribute
)

// policyAttribute describes one policy field to Terraform, whatever the schema
// it appears in.
type policyAttribute struct {
	field       policy.Field
	kind        attributeKind
	description string
}

var policyAttributes = []policyAttribute{
	{
		policy.FieldAutoConverge, switchAttribute,
		"Auto-converge: throttle the guest's vCPUs, step by step, until memory is copied faster than the guest dirties it (libvirt `VIR_MIGRATE_AUTO_CONVERGE`).",
	},
	{
		policy.FieldAutoConvergeInitial, numberAttribute,
		fmt.Sprintf("First throttle of auto-converge, in percent of vCPU time, %d to %d (libvirt `auto_converge.initial`, QEMU `cpu-throttle-initial`). Not set anywhere: QEMU's 20.", policy.MinPercent, policy.MaxPercent),
	},
	{
		policy.FieldAutoConvergeIncrement, numberAttribute,
		fmt.Sprintf("What auto-converge adds to the throttle each time it was not enough, in percent, %d to %d (libvirt `auto_converge.increment`, QEMU `cpu-throttle-increment`). Not set anywhere: QEMU's 10.", policy.MinPercent, policy.MaxPercent),
	},
	{
		policy.FieldCompression, switchAttribute,
		"XBZRLE compression: of a page that was sent before, send only the bytes that changed (libvirt `VIR_MIGRATE_COMPRESSED`, method `xbzrle`). Can not be combined with `parallel_connections`.",
	},
	{
		policy.FieldCompressionCacheMiB, numberAttribute,
		"Size of the XBZRLE cache on the source, in MiB; a power of two (libvirt `compression.xbzrle.cache`). Best as large as the memory the guest keeps rewriting. Not set anywhere: QEMU's 64.",
	},
	{
		policy.FieldBandwidth, numberAttribute,
		"Limit of the memory stream, in MiB/s (libvirt `bandwidth`); `0` asks for no limit explicitly. Not set anywhere: libvirt's default, no limit.",
	},
	{
		policy.FieldMaxDowntimeMS, numberAttribute,
		fmt.Sprintf("Longest pause for the switch-over, in milliseconds, %d to %d (libvirt `virDomainMigrateSetMaxDowntime`, QEMU `downtime-limit`). Not set anywhere: QEMU's 300.", policy.MinMaxDowntimeMS, policy.MaxMaxDowntimeMS),
	},
	{
		policy.FieldParallelConnections, numberAttribute,
		fmt.Sprintf("Number of connections for the memory stream, %d to %d; `0` is off (libvirt `VIR_MIGRATE_PARALLEL`, QEMU multifd). Not set anywhere: `0`.", policy.MinParallelConnections, policy.MaxParallelConnections),
	},
	{
		policy.FieldPostCopy, switchAttribute,
		"May this VM be switched to post-copy, that is run on the destination before all its memory is there (libvirt `VIR_MIGRATE_POSTCOPY`)? If the link is lost after the switch, the VM can only be recovered, not rolled back.",
	},
	{
		policy.FieldEncryption, switchAttribute,
		"QEMU's native TLS for the memory stream (libvirt `VIR_MIGRATE_TLS`). Both hosts need QEMU's migration certificates.",
	},
	{
		policy.FieldTimeout, durationAttribute,
		"Bound on the whole migration, counted from the start of its job, as a duration such as `\"90s\"` or `\"30m\"`; `\"0s\"` is none. Not set anywhere: `30m`.",
	},
	{
		policy.FieldStallTimeout, durationAttribute,
		"Bound on the time without progress (no pass over memory leaves less behind than any before and the throttle no longer rises, or no byte is sent), as a duration; `\"0s\"` is off. Not set anywhere: `2m`.",
	},
	{
		policy.FieldOnTimeout, wordAttribute,
		"What is done when `timeout` or `stall_timeout` has run out: `abort` (the VM stays where it is), `post_copy` (needs `post_copy`), or `pause` (suspend the guest so that the rest can be copied; aborted if that takes over 60 s). Not set anywhere: `abort`.",
	},
}

// levelAttributes is the policy of a cluster, a VM or a single move: switches
// inherit by default.
func levelAttributes(add map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := commonAttributes(add)
	for _, a := range policyAttributes {
		if a.kind == switchAttribute {
			attributes[string(a.field)] = schema.StringAttribute{
				MarkdownDescription: a.description + " `inherit` (default), `true` or `false`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(inheritSwitch),
				Validators:          []validator.String{switchValidator()},
			}
		}
	}
	return attributes
}

// globalAttributes is the policy of the global settings, from which there is
// nothing to inherit: switches are off by default, and that is written down.
func globalAttributes(add map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := commonAttributes(add)
	for _, a := range policyAttributes {
		if a.kind == switchAttribute {
			attributes[string(a.field)] = schema.BoolAttribute{
				MarkdownDescription: a.description + " Default: `false`.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			}
		}
	}
	return attributes
}

// commonAttributes has the fields that are written alike on every level.
func commonAttributes(add map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(add)+len(policyAttributes))
	for name, attribute := range add {
		attributes[name] = attribute
	}
	for _, a := range policyAttributes {
		switch a.kind {
		case numberAttribute:
			attributes[string(a.field)] = schema.Int64Attribute{MarkdownDescription: a.description, Optional: true}
		case durationAttribute:
			attributes[string(a.field)] = schema.StringAttribute{
				MarkdownDescription: a.description,
				Optional:            true,
				CustomType:          timetypes.GoDurationType{},
				PlanModifiers:       []planmodifier.String{sameDuration{}},
			}
		case wordAttribute:
			attributes[string(a.field)] = schema.StringAttribute{MarkdownDescription: a.description, Optional: true}
		case switchAttribute:
		}
	}
	return attributes
}

// runAttributes is the policy of a move by action, which has no defaults: what
// is left out inherits.
func runAttributes() map[string]actionschema.Attribute {
	attributes := make(map[string]actionschema.Attribute, len(policyAttributes))
	for _, a := range policyAttributes {
		name := string(a.field)
		switch a.kind {
		case switchAttribute:
			attributes[name] = actionschema.StringAttribute{
				MarkdownDescription: a.description + " `inherit` (as when left out), `true` or `false`.",
				Optional:            true,
				Validators:          []validator.String{switchValidator()},
			}
		case numberAttribute:
			attributes[name] = actionschema.Int64Attribute{MarkdownDescription: a.description, Optional: true}
		case durationAttribute:
			attributes[name] = actionschema.StringAttribute{MarkdownDescription: a.description, Optional: true, CustomType: timetypes.GoDurationType{}}
		case wordAttribute:
			attributes[name] = actionschema.StringAttribute{MarkdownDescription: a.description, Optional: true}
		}
	}
	return attributes
}

// effectiveAttributes is the policy as it resolved, in a data source.
func effectiveAttributes() map[string]datasourceschema.Attribute {
	attributes := make(map[string]datasourceschema.Attribute, len(policyAttributes))
	for _, a := range policyAttributes {
		name := string(a.field)
		switch a.kind {
		case switchAttribute:
			attributes[name] = datasourceschema.BoolAttribute{MarkdownDescription: a.description, Computed: true}
		case numberAttribute:
			attributes[name] = datasourceschema.Int64Attribute{MarkdownDescription: a.description, Computed: true}
		case durationAttribute, wordAttribute:
			attributes[name] = datasourceschema.StringAttribute{MarkdownDescription: a.description, Computed: true}
		}
	}
	return attributes
}

// reportedAttributes is the policy under which a VM was moved, in state.
func reportedAttributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(policyAttributes))
	for _, a := range policyAttributes {
		name := string(a.field)
		switch a.kind {
		case switchAttribute:
			attributes[name] = schema.BoolAttribute{MarkdownDescription: a.description, Computed: true}
		case numberAttribute:
			attributes[name] = schema.Int64Attribute{MarkdownDescription: a.description, Computed: true}
		case durationAttribute, wordAttribute:
			attributes[name] = schema.StringAttribute{MarkdownDescription: a.description, Computed: true}
		}
	}
	return attributes
}

// levelTypes are the attribute types of the policy of a single move as an
// object.
func levelTypes() map[string]attr.Type {
	attributes := make(map[string]attr.Type, len(policyAttributes))
	for _, a := range policyAttributes {
		switch a.kind {
		case numberAttribute:
			attributes[string(a.field)] = types.Int64Type
		case durationAttribute:
			attributes[string(a.field)] = timetypes.GoDurationType{}
		case switchAttribute, wordAttribute:
			attributes[string(a.field)] = types.StringType
		}
	}
	return attributes
}

// effectiveTypes are the attribute types of an effective policy as an object.
func effectiveTypes() map[string]attr.Type {
	attributes := make(map[string]attr.Type, len(policyAttributes))
	for _, a := range policyAttributes {
		switch a.kind {
		case switchAttribute:
			attributes[string(a.field)] = types.BoolType
		case numberAttribute:
			attributes[string(a.field)] = types.Int64Type
		case durationAttribute, wordAttribute:
			attributes[string(a.field)] = types.StringType
		}
	}
	return attributes
}

func switchValidator() validator.String {
	return stringvalidator.OneOf(inheritSwitch, switchTrue, switchFalse)
}
