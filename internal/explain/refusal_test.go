package explain

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// Every kind has words, and no words are left over.
func TestEveryRefusalHasWords(t *testing.T) {
	t.Parallel()
	kinds := map[refusal.Kind]bool{}
	for _, kind := range refusal.Kinds() {
		kinds[kind] = true
		w, ok := refusals[kind]
		switch {
		case !ok:
			t.Errorf("%s has no words", kind)
		case !strings.HasSuffix(w.cause, "."), w.remedy != "" && !strings.HasSuffix(w.remedy, "."):
			t.Errorf("%s: not whole sentences: %q %q", kind, w.cause, w.remedy)
		case w.remedy == "" && kind != refusal.Aborted:
			t.Errorf("%s: nothing is said of what to do", kind)
		}
	}
	for kind := range refusals {
		if !kinds[kind] {
			t.Errorf("no refusal is of the kind %s", kind)
		}
	}
}

// Nothing of a text is left to be filled in, and its commands name the VM by its UUID.
func TestRefusalsAreFilledIn(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile("`virsh (snapshot|domblklist|blockjob|edit|detach|dom|dumpxml|memtune|vcpupin|numatune|resume)[^`]*`")
	for _, kind := range refusal.Kinds() {
		for _, party := range []refusal.Party{refusal.Teller, refusal.Source, refusal.Destination} {
			for _, relayed := range []bool{false, true} {
				err := &host.Error{Host: "kvm1", Code: 1, Message: "its words", Refusal: refusal.Refusal{Kind: kind, Party: party}}
				r, ok := Refusal(err, refusedMove, relayed)
				if text := r.String(); !ok || !r.Known || strings.ContainsAny(strings.ReplaceAll(text, `{"execute":"query-migrate"}`, ""), "{}") {
					t.Errorf("%s: %v %s", kind, ok, text)
				}
				for _, c := range command.FindAllString(r.Remedy, -1) {
					if !strings.Contains(c, refusedMove.UUID) && !strings.Contains(c, "domrename") && !strings.Contains(c, "domcapabilities") {
						t.Errorf("%s: %s does not name the VM by its UUID", kind, c)
					}
				}
			}
		}
	}
}

var refusedMove = migration.Subject{
	UUID: "7a5b1c7e-0000-4000-8000-000000000001", Name: "web", Source: "kvm1", Destination: "kvm2",
}

// In peer-to-peer the destination's refusals come from the source's libvirt.
func TestRefusalNamesTheHostAtFault(t *testing.T) {
	t.Parallel()
	said := func(on string, r refusal.Refusal) error {
		return &host.Error{Host: on, Op: "migrate the domain", Code: 38, Message: "No such device", Refusal: r}
	}
	bridge := refusal.Refusal{Kind: refusal.BridgeMissing, Party: refusal.Destination}
	either := refusal.Refusal{Kind: refusal.EncryptionForced, Party: refusal.Teller}
	full := refusal.Of(10, 9, "operation failed: job 'migration out' failed: No space left on device")
	for name, test := range map[string]struct {
		err     error
		relayed bool
		host    string
		says    []string
	}{
		"the destination's, relayed": {said("kvm1", bridge), true, "kvm2", []string{"kvm2 does not have the bridge", "libvirt on kvm1 says: No such device.", "`ip link add"}},
		"the destination's, direct":  {&migration.StepError{Host: "kvm2", Step: migration.StepPrepare, Err: said("kvm2", bridge)}, false, "kvm2", []string{"kvm2 does not have the bridge", "libvirt on kvm2 says"}},
		"the source's":               {said("kvm1", refusal.Refusal{Kind: refusal.Snapshots, Party: refusal.Source}), true, "kvm1", []string{"snapshots on kvm1", "snapshot-list"}},
		"whose said it":              {said("kvm2", either), false, "kvm2", []string{"kvm2 accepts encrypted migrations only"}},
		"the source's own, direct":   {said("kvm1", full), false, "kvm1", []string{"A file system of kvm1 is full"}},
		"either's, relayed":          {said("kvm1", full), true, "", []string{"A file system of kvm1 or kvm2 is full"}},
		"either's":                   {said("kvm1", either), true, "", []string{"kvm1 or kvm2 accepts encrypted migrations only"}},
		"not known":                  {said("kvm2", refusal.Refusal{}), false, "kvm2", []string{"libvirt on kvm2 says, in its own words: No such device."}},
		"not known, relayed":         {said("kvm1", refusal.Refusal{}), true, "", []string{"libvirt on kvm1, for itself or for kvm2, says, in its own words: No such device."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ok := Refusal(test.err, refusedMove, test.relayed)
			if !ok || r.Host != test.host {
				t.Errorf("got host %q, want %q", r.Host, test.host)
			}
			for _, w := range test.says {
				if !strings.Contains(r.String(), w) {
					t.Errorf("it does not say %q: %s", w, r)
				}
			}
		})
	}
	if _, ok := Refusal(errors.New("no answer of libvirt"), refusedMove, true); ok {
		t.Error("an error of nobody is a refusal")
	}
}

// A direct migration that is refused for the same reason as the peer-to-peer one before it
// tells that once, whatever the messages' details are.
func TestTheSameRefusalIsToldOnce(t *testing.T) {
	t.Parallel()
	said := func(on, message string, kind refusal.Kind) error {
		return &host.Error{Host: on, Code: 1, Message: message, Refusal: refusal.Refusal{Kind: kind, Party: refusal.Destination}}
	}
	for name, test := range map[string]struct {
		relayed, direct error
		twice           bool
	}{
		"one kind":               {said("kvm1", "at 05:02: cannot bind", refusal.ListenAddress), said("kvm2", "at 05:03: cannot bind", refusal.ListenAddress), false},
		"two kinds":              {said("kvm1", "no route", refusal.PeerUnreachable), said("kvm2", "no bridge", refusal.BridgeMissing), true},
		"unknown, and alike":     {said("kvm1", "no idea", refusal.Unknown), said("kvm2", "no idea", refusal.Unknown), false},
		"unknown, and not so":    {said("kvm1", "no idea", refusal.Unknown), said("kvm2", "none either", refusal.Unknown), true},
		"known, and then not so": {said("kvm1", "no route", refusal.PeerUnreachable), said("kvm2", "no idea", refusal.Unknown), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := migration.Failure{
				Course: migration.Course{
					Mode: migration.Direct, Refusal: test.relayed,
					Err: &migration.StepError{Host: "kvm2", Step: migration.StepPrepare, Err: test.direct},
				},
				Outcome: migration.Outcome{
					UUID: refusedMove.UUID, Name: "web",
					Source:      migration.Observation{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
					Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain},
				},
			}
			text := Failure(&migration.FailedError{Failure: f}).Detail
			if twice := strings.Contains(text, "peer-to-peer had been refused"); twice != test.twice {
				t.Errorf("both are told: %t, want %t: %s", twice, test.twice, text)
			}
			if !strings.Contains(text, "kvm2 could not prepare for the VM.") {
				t.Errorf("the step is not told: %s", text)
			}
		})
	}
}
