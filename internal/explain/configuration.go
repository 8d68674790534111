package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const invalidHostConfiguration = "Invalid Host Configuration"

// ConfigurationUnknown warns that a plan compares nothing, because attributes of the
// provider's configuration are not known before the apply.
func ConfigurationUnknown(attributes []string) Text {
	return Text{"Provider Configuration Not Known Yet", fmt.Sprintf(
		"%s of this provider configuration will be known only during the apply, so no host was asked. This plan "+
			"takes state as it is: "+
			"it shows neither what was changed on the hosts nor what would prevent the changes that it plans. The "+
			"first plan after the apply checks all of it.",
		strings.Join(attributes, ", "))}
}

// ImportTooEarly is what an operator reads of an import whose provider configuration
// is not known yet.
func ImportTooEarly(object string) Text {
	return Text{"Unable to Import " + object, "The provider's configuration is not known yet, so no host can be " +
		"asked. Import once it is known."}
}

// ReadTooEarly is ImportTooEarly for a data source.
func ReadTooEarly(object string) Text {
	return Text{"Unable to Read " + object, "The provider's configuration depends on values that are not known " +
		"before the apply, so no host can be asked. " +
		"Make this data source depend on what decides them (depends_on), so that it is read during the apply."}
}

// InvalidVariable is what an operator reads of an environment variable that has none of
// the values that it may have.
func InvalidVariable(name, value string, may []string) Text {
	return Text{"Invalid Environment Variable", fmt.Sprintf("The value of %s must be one of %s, and it is %q.",
		name, fleet.Quote(may), value)}
}

// ListTooEarly is ImportTooEarly for a list.
func ListTooEarly(object string) Text {
	return Text{"Unable to List " + object, "The provider's configuration is not known, so no host can be asked."}
}

// InvalidHost is what an operator reads of a host that is configured wrongly.
func InvalidHost(e *host.ConfigError) Text {
	return Text{invalidHostConfiguration, Sentence(e.Error())}
}

// InvalidDefaultHost is InvalidHost for the host that libvirt's own clients connect
// to. origin is where its URI comes from.
func InvalidDefaultHost(origin string, e *host.ConfigError) Text {
	return Text{invalidHostConfiguration, fmt.Sprintf(
		"The provider's hosts are left out, so the default URI (%s) is used, which is wrong: %s", origin, fullStop(e.Reason))}
}

// NoDefaultHost is what an operator reads where libvirt's default URI cannot be found
// out.
func NoDefaultHost(err error) Text {
	return Text{invalidHostConfiguration, "The provider's hosts are left out, so libvirt's default URI is used, " +
		"which cannot be found out: " + fullStop(err.Error())}
}

// InvalidPolicy is what an operator reads of a value, or of a contradiction on one
// level.
func InvalidPolicy(p policy.Problem) Text { return Text{"Invalid Migration Policy", p.Text} }

// InvalidImportID is what an operator reads of an ID that no record has.
func InvalidImportID(err error) Text { return Text{"Invalid Import ID", Sentence(err.Error())} }

// InvalidRegularExpression is what an operator reads of a text that is no regular expression.
func InvalidRegularExpression(err error) Text {
	return Text{"Invalid Regular Expression", Sentence(err.Error()) + " The syntax is Go's (RE2)."}
}
