package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// diagnose turns an error into the one diagnostic that the user sees. act is
// what was to be done, as in "Unable to <act>"; at is the attribute at fault, if
// one is.
func diagnose(act string, err error, at ...path.Path) diag.Diagnostic {
	summary := "Unable to " + act
	var unknownHost *fleet.UnknownHostError
	if errors.As(err, &unknownHost) {
		summary = "Invalid Host"
	}
	return errorAt(at, summary, withWhereabouts(explain(err), err))
}

// diagnoseRead is diagnose for a Read. It says only once in a plan that a host
// is down: the plan has failed by then, whatever else is read.
func diagnoseRead(f *fleet.Fleet, act string, err error, at ...path.Path) diag.Diagnostics {
	var down *fleet.HostsDownError
	if !errors.As(err, &down) {
		return diag.Diagnostics{diagnose(act, err, at...)}
	}
	if !f.News(down) {
		return nil
	}
	return diag.Diagnostics{errorAt(at, "Unable to "+act, withWhereabouts(explain(err)+
		" Whatever else needs the host is affected, too. To plan without it, set unreachable_hosts = \"warn\" in the provider's configuration.", err))}
}

// withWhereabouts ends a detail with where the VM is, as far as the hosts that
// answered have said.
func withWhereabouts(detail string, err error) string {
	var seen interface{ Whereabouts() string }
	if errors.As(err, &seen) {
		return detail + "\n\n" + seen.Whereabouts()
	}
	return detail
}

func errorAt(at []path.Path, summary, detail string) diag.Diagnostic {
	if len(at) > 0 {
		return diag.NewAttributeErrorDiagnostic(at[0], summary, detail)
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// explain is the detail of a diagnostic: what happened, and what to do about it.
func explain(err error) string {
	var partial *fleet.PartialError
	detail := sentence(text(err))
	if errors.As(err, &partial) {
		detail = explainPartial(partial)
		err = partial.Err
	}
	if advice := advise(err); advice != "" {
		detail += " " + advice
	}
	return detail
}

// advise is what to do about an error.
func advise(err error) string {
	var (
		exists    *fleet.ExistsError
		changed   *fleet.ChangedError
		held      *fleet.HeldError
		newer     *fleet.NewerRecordError
		invalid   *fleet.InvalidRecordError
		notFound  *fleet.NotFoundError
		ambiguous *fleet.AmbiguousNameError
		twice     *fleet.RunningTwiceError
		broken    *fleet.BrokenPostCopyError
		same      *fleet.SameHostError
		transit   *fleet.InTransitError
		unseen    *fleet.UnseenError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "The operation was cancelled."
	case errors.As(err, &exists):
		return fmt.Sprintf("It says %s. To take it over, import it: %s. To start anew, remove it: %s. If a resource of this configuration declared it under another label, add a moved block. With create_before_destroy, apply the values that the record has, and change them after that.",
			*exists.Copy.Document, importHint(exists.Copy), removeHint(exists.Copy))
	case errors.As(err, &changed):
		return "That copy is left as it is. Plan again to see what is there now."
	case errors.As(err, &held):
		return fmt.Sprintf("A host is in one cluster only. Remove it from the hosts of %q first; if that happens in the same apply, make this resource depend on that one (depends_on).", held.Cluster)
	case errors.As(err, &newer):
		return "It is left as it is. Use a release of the provider that knows the record, or take the resource out of this configuration without touching the record, with a removed block (lifecycle { destroy = false })."
	case errors.As(err, &invalid):
		return fmt.Sprintf("Remove it on the host to let Terraform write it anew: %s.", removeHint(invalid.Copy))
	case errors.As(err, &notFound):
		return "Check the name or UUID, and that the provider's hosts include the one that has the VM."
	case errors.As(err, &ambiguous):
		return "Give the UUID of the one that is meant."
	case errors.As(err, &twice):
		return adviseTwice(twice)
	case errors.As(err, &broken):
		return fmt.Sprintf("Destroy or resume neither: the VM would be lost. Once the two reach each other again, send the rest of its memory: run the command that the error of the failed move names, "+
			"which is `virsh migrate --live --p2p --postcopy --postcopy-resume --persistent --undefinesource %s DESTINATION` on the host that the VM came from, with the peer_uri of the other one for DESTINATION; "+
			"with --tls if the migration was encrypted, without --persistent and --undefinesource if the VM was transient. "+
			"That needs libvirt 8.9 or newer, but not 11.3.0. The guide \"Moving VMs\" says more, and what to do where hosts do not reach each other's libvirt.", broken.UUID)
	case errors.As(err, &same):
		return "If both lead to one machine, leave one of the two out of the provider's hosts. If they are two machines, their firmware gives both the same UUID: set host_uuid in /etc/libvirt/libvirtd.conf on one of them, and restart its libvirt."
	case errors.As(err, &transit):
		return "Wait for the migration to end, or add the other host to the provider's hosts. Nothing was changed."
	case errors.As(err, &unseen):
		return "Apply again once that answers. If the host is gone for good, take it out of the provider's hosts."
	case errors.Is(err, host.ErrForeignSecret):
		return "Nothing of it was touched. Move it to another UUID, or leave the host out of the hosts here."
	case errors.Is(err, migration.ErrBusy):
		return "Nothing was changed. Apply again once that has ended; if the same apply moves the VM, make one of the two depend on the other (depends_on)."
	}
	return ""
}

// adviseTwice is what to do about a VM that is active on more than one host, by
// what each of them holds.
func adviseTwice(e *fleet.RunningTwiceError) string {
	var said []string
	if len(e.Running) > 1 {
		said = append(said, fmt.Sprintf("Two running copies of one VM corrupt its disks. Find out which one is right, and stop every other one by hand on its host (virsh destroy %s).", e.UUID))
		if len(e.Stopped) > 0 {
			said = append(said, fmt.Sprintf("What %s holds does not run and writes nothing: never resume it while the VM runs elsewhere.", fleet.Quote(e.Stopped)))
		}
	} else {
		said = append(said, fmt.Sprintf("Nothing is lost while none of them runs, and it cannot be told from here which one has the newer memory: `virsh domstate --reason %s` on each host says how it came to stand still. "+
			"Resume one of them only after every other one was ended on its host (virsh destroy %s).", e.UUID, e.UUID))
	}
	return strings.Join(append(said, "Nothing was changed."), " ")
}

func explainPartial(e *fleet.PartialError) string {
	var said []string
	if len(e.Unwritten) > 0 {
		said = append(said, fmt.Sprintf("The record was not written to %s.", fleet.Quote(e.Unwritten)))
	}
	if len(e.Kept) > 0 {
		said = append(said, fmt.Sprintf("The record may still be on %s.", fleet.Quote(e.Kept)))
	}
	for _, m := range e.Hidden {
		if slices.Contains(e.Silent, m.Name) {
			said = append(said, fmt.Sprintf("The record may still be on %q, which cannot be asked.", m.Name))
		} else {
			said = append(said, fmt.Sprintf("The record may still be on %s: none of the hosts that answer is that one, and %s cannot be asked.", identified([]fleet.Member{m}), fleet.Quote(e.Silent)))
		}
	}
	if len(e.Done) > 0 {
		said = append(said, fmt.Sprintf("On %s it is done.", fleet.Quote(e.Done)))
	}
	said = append(said, sentence(text(e.Err)))
	if errors.Is(e.Err, migration.ErrUnreachable) {
		said = append(said, "Apply again once the host can be reached. If it is gone for good, take it out of the provider's hosts, and apply then: whatever is recorded there stays there.")
	}
	return strings.Join(said, " ")
}

// importHint is how a record that is there already is imported.
func importHint(c fleet.Copy) string {
	if c.VM != "" {
		return "terraform import virt_vm_migration_policy.NAME " + c.VM
	}
	if c.Level == host.Global {
		return "terraform import virt_migration_global_settings.NAME " + globalID
	}
	return fmt.Sprintf("terraform import virt_cluster_migration_policy.NAME %q", c.Record.Cluster)
}

// removeHint is how a record is removed by hand, on its host.
func removeHint(c fleet.Copy) string {
	if c.VM != "" {
		places := "--" + c.Place
		if c.Twin {
			places = "--live --config"
		}
		return fmt.Sprintf("virsh metadata %s %s %s --remove", c.VM, host.MetadataURI, places)
	}
	return "virsh secret-undefine " + c.Level.SecretUUID()
}

// text is an error on one line, also when it joins several.
func text(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// sentence gives a text the form of a detail: a capital first, where the first
// word is ours, and a full stop last.
func sentence(text string) string { return fullStop(sentenceStart(text)) }

// fullStop ends a text as a sentence ends.
func fullStop(text string) string {
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return text
}

// firstWords are those that our texts begin with. A text that begins with
// another word may begin with a name, of a host or of an attribute, which is
// never changed.
var firstWords = map[string]string{
	"a": "A", "an": "An", "another": "Another", "both": "Both", "each": "Each", "host": "Host", "it": "It", "no": "No", "the": "The", "what": "What",
}

func sentenceStart(text string) string {
	word, rest, _ := strings.Cut(text, " ")
	if capital, ours := firstWords[word]; ours && rest != "" {
		return capital + " " + rest
	}
	return text
}

// conflictWarnings says while planning what the move will refuse.
func conflictWarnings(conflicts []policy.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, conflict := range conflicts {
		diags.AddWarning("Conflicting Migration Policy", conflict.Text+" A move is refused while the values that are in force contradict each other.")
	}
	return diags
}

// assessError says while planning why a VM could not be looked at. A VM that is
// not there yet may be created by the same apply, and a record that can not be
// read may be mended by it.
func assessError(f *fleet.Fleet, act string, err error) diag.Diagnostics {
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
		invalid  *fleet.InvalidRecordError
		newer    *fleet.NewerRecordError
	)
	switch {
	case errors.As(err, &notFound):
		return nil
	case errors.As(err, &unseen):
		return unreachableWarning(unseen.Unseen)
	case errors.As(err, &invalid), errors.As(err, &newer):
		return diag.Diagnostics{diag.NewWarningDiagnostic("Policy Record Unreadable", sentence(text(err))+" "+unreadableAdvice+" Until then a move of the VM is refused.")}
	default:
		return diagnoseRead(f, act, err, path.Root("vm"))
	}
}

// unreadableAdvice is what to do about a record that some other resource
// manages.
const unreadableAdvice = "The resource that manages that record repairs it with the next apply, unless a newer release of the provider wrote it; a record that no resource manages has to be removed by hand."
