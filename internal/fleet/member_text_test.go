package fleet

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMemberIsKeptAsText reads members as they were written, and keeps the text short.
func TestMemberIsKeptAsText(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	for name, test := range map[string]struct {
		member Member
		text   string
	}{
		"a host":                           {Member{Name: "kvm1", UUID: uuid}, "elscfgAAQACAAAAAAAAAAQ kvm1"},
		"one that was let go":              {Member{Name: "kvm1", UUID: uuid, LetGo: true}, "-elscfgAAQACAAAAAAAAAAQ kvm1"},
		"one that has not said its UUID":   {Member{Name: "kvm1"}, " kvm1"},
		"a name with spaces":               {Member{Name: "the first", UUID: uuid}, "elscfgAAQACAAAAAAAAAAQ the first"},
		"a UUID that is not canonical":     {Member{Name: "kvm1", UUID: "7A5B1C7E"}, "7A5B1C7E kvm1"},
		"one of neither a name nor a UUID": {Member{}, " "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, err := json.Marshal(test.member)
			if err != nil || string(document) != `"`+test.text+`"` {
				t.Errorf("it is written as %s (%v), want %q", document, err, test.text)
			}
			var got Member
			if err := json.Unmarshal(document, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.member, got); diff != "" {
				t.Errorf("it is read as (-want +got):\n%s", diff)
			}
		})
	}
	if err := new(Member).UnmarshalText([]byte("kvm1")); err == nil {
		t.Error("a text without a UUID is a host")
	}
}
