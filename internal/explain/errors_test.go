package explain

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Without --persistent and --undefinesource a second definition that could be
// started would be left on the source.
func TestNamesTheWholeRecoveryOfAPostCopy(t *testing.T) {
	t.Parallel()
	text := Detail(&fleet.BrokenPostCopyError{Name: "web", UUID: "7a5b1c7e-0000-4000-8000-000000000001", Hosts: []string{"kvm1", "kvm2"}})
	for _, words := range []string{
		"Destroy or resume neither", "--postcopy-resume --persistent --undefinesource 7a5b1c7e-0000-4000-8000-000000000001 DESTINATION`", "--tls", "peer_uri",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("%q does not say %q", text, words)
		}
	}
}

func TestSaysWhichCopyRuns(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	const destroy, never, compare = "virsh destroy " + uuid, `What "kvm3" holds does not run and writes nothing: never resume it`, "virsh domstate --reason " + uuid
	for name, test := range map[string]struct {
		err         fleet.RunningTwiceError
		says, saves []string
	}{
		"runs on two":                     {fleet.RunningTwiceError{Running: []string{"kvm1", "kvm2"}}, []string{"corrupt its disks", destroy}, []string{never, compare}},
		"runs on two, paused on a third":  {fleet.RunningTwiceError{Running: []string{"kvm1", "kvm2"}, Stopped: []string{"kvm3"}}, []string{"corrupt its disks", destroy, never}, []string{compare}},
		"runs nowhere, and paused on two": {fleet.RunningTwiceError{Stopped: []string{"kvm2", "kvm3"}}, []string{compare, destroy}, []string{"corrupt", "running copies", never}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.err.Name, test.err.UUID = "web", uuid
			text := Detail(&test.err)
			for _, words := range test.says {
				if !strings.Contains(text, words) {
					t.Errorf("%q does not say %q", text, words)
				}
			}
			for _, words := range test.saves {
				if strings.Contains(text, words) {
					t.Errorf("%q says %q", text, words)
				}
			}
		})
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		"no host has a VM \"web\"":    "No host has a VM \"web\".",
		"host \"kvm1\": it is down":   "Host \"kvm1\": it is down.",
		"it is down?":                 "It is down?",
		"kvm1 keeps it":               "kvm1 keeps it.",
		"alpha: it is down":           "alpha: it is down.",
		"österreich1 keeps it":        "österreich1 keeps it.",
		"ñ":                           "ñ.",
		"max_downtime_ms was not set": "max_downtime_ms was not set.",
		"\"90\" is not a duration":    "\"90\" is not a duration.",
	} {
		if got := Sentence(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestWordsLeaveNamesAlone has hosts and VMs whose names a capital would
// change, or break.
func TestWordsLeaveNamesAlone(t *testing.T) {
	t.Parallel()
	document := "{}"
	for _, name := range []string{"kvm1", "österreich1", "ünter", "ß", "хост", "alpha"} {
		held := fleet.Copy{Host: name, Document: &document, Invalid: errors.New("no")}
		seen := []migration.Observation{{Host: name, Domain: migration.Domain{Name: name, UUID: "U"}}, {Host: "b", Domain: migration.Domain{UUID: "V"}}}
		for what, detail := range map[string]string{
			"not found":      Detail(&fleet.NotFoundError{VM: name, Hosts: []string{name}}),
			"unknown host":   Detail(&fleet.UnknownHostError{Name: name}),
			"exists":         Detail(&fleet.ExistsError{Copy: held}),
			"held":           Detail(&fleet.HeldError{Host: name}),
			"invalid":        Detail(&fleet.InvalidRecordError{Copy: held}),
			"ambiguous":      Detail(&fleet.AmbiguousNameError{Name: name, Seen: seen}),
			"in transit":     Detail(&fleet.InTransitError{VM: name, Seen: seen}),
			"unseen":         Detail(&fleet.UnseenError{Seen: migration.Whereabouts{VM: name}}),
			"host":           Detail(&host.Error{Host: name, Op: "look", Message: "no"}),
			"configuration":  Detail(&host.ConfigError{Host: name, Field: "uri", Reason: "no"}),
			"same UUID":      Detail(&fleet.SameUUIDError{Names: [2]string{name, "b"}, Hostnames: [2]string{"c", "d"}}),
			"same":           Detail(&fleet.SameHostError{Names: [2]string{name, "b"}}),
			"left":           Warning(migration.Report{Subject: migration.Subject{Source: name}}, migration.Warning{Kind: migration.WarningDefinition}),
			"begins with it": Detail(fmt.Errorf("%s could not do it", name)),
		} {
			if !strings.Contains(detail, name) {
				t.Errorf("%s: %q does not have the name %s as it is", what, detail, name)
			}
			if what != "left" && what != "begins with it" && strings.ToUpper(detail[:1]) != detail[:1] {
				t.Errorf("%s: %q does not begin with a capital", what, detail)
			}
		}
	}
}
