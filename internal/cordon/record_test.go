package cordon

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecord(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		record   Record
		document string
	}{
		"cordoned": {
			Record{Cordoned: true, Since: since, Why: "a fan <1> & a disk"},
			`{"cordoned":true,"since":"2026-11-26T23:00:00Z","version":1,"why":"a fan <1> & a disk"}`,
		},
		"open, with an evacuation": {
			Record{Evacuation: "4ff9", Host: "6d69"}, `{"cordoned":false,"evacuation":"4ff9","host":"6d69","version":1}`,
		},
		"unknown members are kept": {
			Record{Cordoned: true, Unknown: map[string]json.RawMessage{"ticket": json.RawMessage(`{"id": 7}`)}},
			`{"cordoned":true,"ticket":{"id": 7},"version":1}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, err := test.record.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if compact(document) != compact(test.document) {
				t.Errorf("got %s, want %s", document, test.document)
			}
			back, err := Decode(test.document)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.record, back); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

// compact leaves out the space that encoding/json does not keep in raw values.
func compact(document string) string { return strings.ReplaceAll(document, `": `, `":`) }

func TestDecode_refuses(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no JSON":             "see the wiki",
		"an XML document":     "<secret/>",
		"null":                "null",
		"no version":          `{"cordoned":true}`,
		"a version of 0":      `{"version":0,"cordoned":true}`,
		"no word of a cordon": `{"version":1}`,
		"a cordon in words":   `{"version":1,"cordoned":"yes"}`,
		"a time that is none": `{"version":1,"cordoned":true,"since":"yesterday"}`,
		"no text":             "{\"version\":1,\"why\":\"\xff\"}",
		"too large":           `{"version":1,"why":"` + strings.Repeat("x", maxBytes) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Decode(document)
			var invalid *InvalidError
			if !errors.As(err, &invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
	var newer *NewerVersionError
	if _, err := Decode(`{"version":2}`); !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("a newer version: %v", err)
	}
}

func TestRecord_Says(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		record Record
		want   bool
	}{
		"nothing":                       {Record{Since: time.Now(), Why: "it was"}, false},
		"a cordon":                      {Record{Cordoned: true}, true},
		"an evacuation":                 {Record{Evacuation: "4ff9"}, true},
		"what this version cannot read": {Record{Unknown: map[string]json.RawMessage{"x": nil}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.record.Says(); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
