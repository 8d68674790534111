package provider

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// diagnose turns an error into the one diagnostic that the user sees. act is
// what was to be done, as in "Unable to <act>"; at is the attribute at fault, if
// one is.
func diagnose(act string, err error, at ...path.Path) diag.Diagnostic {
	return failed(explain.Error(act, err), at...)
}

// diagnoseRead is diagnose for a Read. It reports a host that is down only once in a
// plan, which has failed by then.
func diagnoseRead(f *fleet.Fleet, act string, err error, at ...path.Path) diag.Diagnostics {
	var down *fleet.HostsDownError
	if !errors.As(err, &down) {
		return diag.Diagnostics{diagnose(act, err, at...)}
	}
	if !f.News(down) {
		return nil
	}
	return diag.Diagnostics{failed(explain.HostsDown(act, err, f.Tolerates()), at...)}
}

// failed is a text as an error, on an attribute if one is at fault.
func failed(t explain.Text, at ...path.Path) diag.Diagnostic {
	if len(at) > 0 {
		return diag.NewAttributeErrorDiagnostic(at[0], t.Summary, sanitize.Paragraphs(t.Detail))
	}
	return diag.NewErrorDiagnostic(t.Summary, sanitize.Paragraphs(t.Detail))
}

// warned is texts as warnings.
func warned(texts ...explain.Text) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, t := range texts {
		diags.AddWarning(t.Summary, sanitize.Paragraphs(t.Detail))
	}
	return diags
}

// warnedAt is a text as a warning on an attribute.
func warnedAt(at path.Path, t explain.Text) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, t.Summary, sanitize.Paragraphs(t.Detail))
}

// conflictWarnings warns in a plan of contradictions for which a move is refused.
func conflictWarnings(conflicts []policy.Conflict) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, conflict := range conflicts {
		diags.Append(warned(explain.Conflict(conflict))...)
	}
	return diags
}

// assessError is why a plan could not check a VM. A VM that does not exist may be
// created by the same apply, and an unreadable record may be repaired by it.
func assessError(f *fleet.Fleet, act string, err error) diag.Diagnostics {
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
	)
	switch {
	case errors.As(err, &notFound):
		return diag.Diagnostics{warnedAt(path.Root("vm"), explain.NotYet(notFound))}
	case errors.As(err, &unseen):
		return unreachableWarning(unseen.Unseen)
	case fleet.Unreadable(err):
		return warned(explain.Unreadable(err))
	default:
		return diagnoseRead(f, act, err, path.Root("vm"))
	}
}
