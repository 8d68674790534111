package policy_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const owner = "3f1f7a52-2c5b-4f0e-9d5c-0a8f6f2b7f11"

var declaredAt = time.Date(2026, 11, 25, 21, 30, 5, 0, time.UTC)

func TestRecordIsTheDesignsDocument(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		record policy.Record
		want   string
	}{
		"a VM's": {
			policy.Record{Policy: policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(300))}},
			`{"version":1,"auto_converge":true,"max_downtime_ms":300}`,
		},
		"one that inherits everything": {
			policy.Record{},
			`{"version":1}`,
		},
		"a cluster's": {
			policy.Record{Cluster: "R&D", Policy: policy.Policy{Compression: new(false)}},
			`{"version":1,"cluster":"R&D","compression":false}`,
		},
		"one that an instance declared": {
			policy.Record{Owner: owner, DeclaredAt: declaredAt, Cluster: "lab", Policy: policy.Policy{PostCopy: new(true)}},
			`{"version":1,"cluster":"lab","owner":"` + owner + `","declared_at":"2026-11-25T21:30:05Z","post_copy":true}`,
		},
		"every field": {
			policy.Record{Policy: policy.Policy{
				AutoConverge:          new(true),
				AutoConvergeInitial:   new(int64(30)),
				AutoConvergeIncrement: new(int64(20)),
				Compression:           new(true),
				CompressionCacheMiB:   new(int64(256)),
				BandwidthMiBPerSecond: new(int64(0)),
				MaxDowntimeMS:         new(int64(500)),
				ParallelConnections:   new(int64(0)),
				PostCopy:              new(true),
				Encryption:            new(false),
				Timeout:               new(time.Hour),
				StallTimeout:          new(time.Duration(0)),
				OnTimeout:             new(policy.SwitchToPostCopy),
			}},
			`{"version":1,"auto_converge":true,"auto_converge_initial":30,"auto_converge_increment":20,` +
				`"compression":true,"compression_cache_mib":256,"bandwidth_mib_per_second":0,"max_downtime_ms":500,` +
				`"parallel_connections":0,"post_copy":true,"encryption":false,` +
				`"timeout":"1h","stall_timeout":"0s","on_timeout":"post_copy"}`,
		},
		"a ladder, and the name of a preset": {
			policy.Record{Policy: policy.Policy{
				Preset: new(policy.VeryLarge), MaxThrottlePercent: new(int64(70)), CompressionCacheMaxMiB: new(int64(512)),
				DowntimeScheduleMS: new(policy.Numbers{100, 200, 400}),
			}},
			`{"version":1,"preset":"very_large","max_throttle_percent":70,"compression_cache_max_mib":512,"downtime_schedule_ms":[100,200,400]}`,
		},
		"unknown members, sorted after the fields": {
			policy.Record{
				Policy: policy.Policy{Timeout: new(90 * time.Minute)},
				Unknown: map[string]json.RawMessage{
					"rdma_pin_all": json.RawMessage(`true`), "a<b": json.RawMessage(`"<&>"`), "Timeout": json.RawMessage(`{"b":1,"a":[1e400]}`),
				},
			},
			`{"version":1,"timeout":"1h30m","Timeout":{"b":1,"a":[1e400]},"a<b":"<&>","rdma_pin_all":true}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := test.record.Encode()
			if err != nil {
				t.Fatalf("encode: %v", err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			record, err := policy.DecodeRecord([]byte(test.want))
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			if diff := cmp.Diff(test.record, record); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRecordAcceptsWhatOtherToolsWrite(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		document string
		want     policy.Record
	}{
		"space around and between": {
			"\n\t{ \"version\" : 1 ,\r\n \"post_copy\" : true }\n",
			policy.Record{Policy: policy.Policy{PostCopy: new(true)}},
		},
		"members in any order": {
			`{"on_timeout":"pause","version":1,"auto_converge":false}`,
			policy.Record{Policy: policy.Policy{AutoConverge: new(false), OnTimeout: new(policy.Pause)}},
		},
		"durations in any form": {
			`{"version":1,"timeout":"5400s","stall_timeout":"0h0m0s"}`,
			policy.Record{Policy: policy.Policy{Timeout: new(90 * time.Minute), StallTimeout: new(time.Duration(0))}},
		},
		"escapes in names and values": {
			`{"version":1,"auto\u005fconverge":true,"on_timeout":"\u0061bort"}`,
			policy.Record{Policy: policy.Policy{AutoConverge: new(true), OnTimeout: new(policy.Abort)}},
		},
		"fields that contradict each other": {
			`{"version":1,"compression":true,"parallel_connections":4}`,
			policy.Record{Policy: policy.Policy{Compression: new(true), ParallelConnections: new(int64(4))}},
		},
		"a name in capitals is another name": {
			`{"version":1,"AUTO_CONVERGE":true}`,
			policy.Record{Unknown: map[string]json.RawMessage{"AUTO_CONVERGE": json.RawMessage(`true`)}},
		},
		"a time of declaration in another zone, with fractions": {
			`{"version":1,"declared_at":"2026-11-25T22:30:05.75+01:00","owner":"a script"}`,
			policy.Record{Owner: "a script", DeclaredAt: declaredAt},
		},
		"an empty owner is none": {
			`{"version":1,"owner":"","declared_at":""}`,
			policy.Record{},
		},
		"an unknown member of null": {
			`{"version":1,"note":null}`,
			policy.Record{Unknown: map[string]json.RawMessage{"note": json.RawMessage(`null`)}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := policy.DecodeRecord([]byte(test.document))
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRecordRefuses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ document, want string }{
		"nothing":                       {"", "the record is empty"},
		"white space":                   {" \n", "the record is empty"},
		"text":                          {"auto_converge=true", "the record is not a JSON object: auto_converge=true"},
		"a list":                        {`[1]`, "the record is not a JSON object: [1]"},
		"null":                          {`null`, "the record is not a JSON object: null"},
		"a number":                      {`1`, "the record is not a JSON object: 1"},
		"a cut document":                {`{"version":1,"auto_con`, `the record is not a JSON object: {"version":1,"auto_con`},
		"more after the document":       {`{"version":1}{}`, `the record is not a JSON object: {"version":1}{}`},
		"what is not UTF-8":             {"{\"version\":1,\"a\":\"\xff\"}", "the record is not UTF-8 text"},
		"a long text":                   {strings.Repeat("ä", 100), "the record is not a JSON object: " + strings.Repeat("ä", 30) + "…"},
		"a text cut within a character": {"x" + strings.Repeat("ä", 30), "the record is not a JSON object: x" + strings.Repeat("ä", 29) + "…"},
		"no version":                    {`{"auto_converge":true}`, "the record has no version"},
		"a version of null":             {`{"version":null}`, "version must be a whole number, not null"},
		"a version in quotes":           {`{"version":"1"}`, `version must be a whole number, not "1"`},
		"a schedule that is a number":   {`{"version":1,"downtime_schedule_ms":100}`, "downtime_schedule_ms: must be a list of whole numbers, not 100"},
		"a schedule with a fraction":    {`{"version":1,"downtime_schedule_ms":[1.5]}`, "downtime_schedule_ms: must be a list of whole numbers, not [1.5]"},
		"a schedule with a null":        {`{"version":1,"downtime_schedule_ms":[1,null]}`, "downtime_schedule_ms: must be a list of whole numbers, not [1,null]"},
		"a schedule of null":            {`{"version":1,"downtime_schedule_ms":null}`, "downtime_schedule_ms: must be a list of whole numbers, not null"},
		"a schedule that falls":         {`{"version":1,"downtime_schedule_ms":[2,1]}`, "downtime_schedule_ms: 1 does not rise above 2, which is before it: each number must be higher than the one before"},
		"a version with a fraction":     {`{"version":1.5}`, "version must be a whole number, not 1.5"},
		"version 0":                     {`{"version":0}`, "version 0 was never written by any release"},
		"a negative version":            {`{"version":-1}`, "version -1 was never written by any release"},
		"an owner that is no text":      {`{"version":1,"owner":7}`, "owner must be a token in quotes, not 7"},
		"a time that is no text":        {`{"version":1,"declared_at":1764106205}`, "declared_at must be a time in quotes, not 1764106205"},
		"a time in words":               {`{"version":1,"declared_at":"yesterday"}`, `declared_at is not a time such as "2026-01-31T12:00:00Z": yesterday`},
		"a time before all clocks":      {`{"version":1,"declared_at":"0000-01-01T00:00:00+01:00"}`, "declared_at is not a time such as"},
		"a time after all years":        {`{"version":1,"declared_at":"9999-12-31T23:30:00-01:00"}`, "declared_at is not a time such as"},
		"a cluster of null":             {`{"version":1,"cluster":null}`, "cluster must be a name in quotes, not null"},
		"a cluster that is no name":     {`{"version":1,"cluster":["a"]}`, `cluster must be a name in quotes, not ["a"]`},
		"a switch of null":              {`{"version":1,"auto_converge":null}`, "auto_converge: must be true or false, not null"},
		"a switch in quotes":            {`{"version":1,"compression":"inherit"}`, `compression: must be true or false, not "inherit"`},
		"a switch as a number":          {`{"version":1,"post_copy":1}`, "post_copy: must be true or false, not 1"},
		"a number of null":              {`{"version":1,"max_downtime_ms":null}`, "max_downtime_ms: must be a whole number, not null"},
		"a number in quotes":            {`{"version":1,"max_downtime_ms":"300"}`, `max_downtime_ms: must be a whole number, not "300"`},
		"a number with a fraction":      {`{"version":1,"max_downtime_ms":0.5}`, "max_downtime_ms: must be a whole number, not 0.5"},
		"a number out of range":         {`{"version":1,"max_downtime_ms":0}`, "max_downtime_ms: 0 is not a whole number from 1 to 2000000 (milliseconds)"},
		"a number beyond 64 bits":       {`{"version":1,"bandwidth_mib_per_second":9223372036854775808}`, "bandwidth_mib_per_second: must be a whole number, not 9223372036854775808"},
		"a cache no power of two":       {`{"version":1,"compression_cache_mib":100}`, "compression_cache_mib: 100 is not a power of two"},
		"a duration of null":            {`{"version":1,"timeout":null}`, "timeout: must be a duration in quotes, not null"},
		"a duration as a number":        {`{"version":1,"timeout":30}`, "timeout: must be a duration in quotes, not 30"},
		"a duration without unit":       {`{"version":1,"stall_timeout":"30"}`, `stall_timeout: "30" is not a duration such as`},
		"a negative duration":           {`{"version":1,"timeout":"-1s"}`, "timeout: a duration cannot be negative"},
		"an on_timeout of null":         {`{"version":1,"on_timeout":null}`, "on_timeout: must be a word in quotes, not null"},
		"an unknown on_timeout":         {`{"version":1,"on_timeout":"Abort"}`, `on_timeout: "Abort" is not valid: it must be one of "abort", "post_copy", "pause"`},
		"a list where a value belongs":  {`{"version":1,"encryption":[true]}`, "encryption: must be true or false, not [true]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			record, err := policy.DecodeRecord([]byte(test.document))
			if err == nil {
				t.Fatalf("decoded to %+v, want an error", record)
			}
			if !strings.HasPrefix(err.Error(), test.want) || len(err.Error()) > 200 {
				t.Errorf("error %q, want it short and to begin with %q", err, test.want)
			}
			if newer := new(policy.NewerVersionError); errors.As(err, &newer) {
				t.Errorf("%q is called a newer version, which would keep it from being repaired", err)
			}
			if diff := cmp.Diff(policy.Record{}, record); diff != "" {
				t.Errorf("a refused record leaves traces (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryFieldRefusesNullAndForeignTypes(t *testing.T) {
	t.Parallel()

	for _, d := range policy.Table() {
		field := d.Field
		for _, value := range []string{`null`, `{}`, `[]`, `1e3`, `"inherit"`, `""`} {
			if d.Kind == policy.Name && value == `"inherit"` { // a name as any other
				continue
			}
			document := `{"version":1,"` + string(field) + `":` + value + `}`
			if record, err := policy.DecodeRecord([]byte(document)); err == nil || !strings.HasPrefix(err.Error(), string(field)+": ") {
				t.Errorf("%s decoded to %+v, %v; want an error that names the field", document, record, err)
			}
		}
	}
}

func TestDecodeRecordTellsANewerVersionFromACorruptRecord(t *testing.T) {
	t.Parallel()

	// What a newer release means by its members is unknown, so they are not judged.
	for document, want := range map[string]int64{
		`{"version":2}`: 2,
		`{"version":2,"auto_converge":"sometimes"}`:    2,
		`{"version":9223372036854775807,"cluster":{}}`: 9223372036854775807,
	} {
		_, err := policy.DecodeRecord([]byte(document))
		newer, ok := errors.AsType[*policy.NewerVersionError](err)
		if !ok || newer.Version != want {
			t.Errorf("%s fails with %v, want a newer version, %d", document, err, want)
		}
	}
	_, err := policy.DecodeRecord([]byte(`{"version":7}`))
	if want := "the record has version 7 and this release of the provider knows versions up to 1"; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestUnknownMembersAreKeptOnRewrite(t *testing.T) {
	t.Parallel()

	const note = `{"b":[1,{"a":null}],"a":1E400,"a":-0.0,"s":"\u003c<&>\/é` + "\u2028" + `"}`
	found, err := policy.DecodeRecord([]byte(`{"rdma_pin_all":true,"version":1,"note":` + note + `,"auto_converge":true}`))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if diff := cmp.Diff([]string{"note", "rdma_pin_all"}, found.UnknownMembers()); diff != "" {
		t.Errorf("unknown members (-want +got):\n%s", diff)
	}

	found.Policy = policy.Policy{Compression: new(true)}
	got, err := found.Encode()
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	want := `{"version":1,"compression":true,"note":` + note + `,"rdma_pin_all":true}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestUnknownMembersAreNoDifference(t *testing.T) {
	t.Parallel()

	found, err := policy.DecodeRecord([]byte(`{"version":1,"auto_converge":true,"rdma_pin_all":true}`))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if want := (policy.Policy{AutoConverge: new(true)}); !found.Policy.Equal(want) {
		t.Errorf("differences: %v", found.Policy.Differences(want))
	}
}

func TestRecordsHaveASizeCap(t *testing.T) {
	t.Parallel()

	document := func(size int) []byte {
		const frame = `{"version":1,"note":""}`
		return []byte(strings.Replace(frame, `""`, `"`+strings.Repeat("x", size-len(frame))+`"`, 1))
	}

	largest, err := policy.DecodeRecord(document(policy.MaxRecordBytes))
	if err != nil {
		t.Fatalf("the largest record is not read: %v", err)
	}
	encoded, err := largest.Encode()
	if err != nil || len(encoded) != policy.MaxRecordBytes {
		t.Errorf("the largest record is written as %d bytes, %v", len(encoded), err)
	}

	if _, err := policy.DecodeRecord(document(policy.MaxRecordBytes + 1)); !errors.Is(err, policy.ErrRecordTooLarge) {
		t.Errorf("a record one byte too large is read with %v, want %v", err, policy.ErrRecordTooLarge)
	}
	byOne := policy.Record{Unknown: map[string]json.RawMessage{"note": append([]byte(`"x`), largest.Unknown["note"][1:]...)}}
	if encoded, err := byOne.Encode(); !errors.Is(err, policy.ErrRecordTooLarge) || encoded != nil {
		t.Errorf("a record one byte too large is written as %d bytes, %v, want %v", len(encoded), err, policy.ErrRecordTooLarge)
	}
	largest.Policy.PostCopy = new(true)
	if encoded, err := largest.Encode(); !errors.Is(err, policy.ErrRecordTooLarge) || encoded != nil {
		t.Errorf("a record that grew too large is written as %d bytes, %v, want %v", len(encoded), err, policy.ErrRecordTooLarge)
	}
	if got, want := policy.ErrRecordTooLarge.Error(), "the record is larger than 64 KiB"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestARecordThatIsReadCanBeWrittenBackWhateverItsCharacters(t *testing.T) {
	t.Parallel()

	text := strings.Repeat("<&>", policy.MaxRecordBytes/4)
	record, err := policy.DecodeRecord([]byte(`{"version":1,"note":"` + text + `"}`))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if _, err := record.Encode(); err != nil {
		t.Errorf("encode: %v", err)
	}
}

func TestEncodeRefusesWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		record policy.Record
		want   string
	}{
		"a number out of range": {
			policy.Record{Policy: policy.Policy{MaxDowntimeMS: new(int64(0))}},
			"max_downtime_ms: 0 is not a whole number from 1 to 2000000 (milliseconds)",
		},
		"a negative duration": {
			policy.Record{Policy: policy.Policy{Timeout: new(-time.Second)}},
			"timeout: a duration cannot be negative",
		},
		"an unknown on_timeout": {
			policy.Record{Policy: policy.Policy{OnTimeout: new(policy.OnTimeout("stop"))}},
			`on_timeout: "stop" is not valid: it must be one of "abort", "post_copy", "pause"`,
		},
		"an unknown member that is not JSON": {
			policy.Record{Unknown: map[string]json.RawMessage{"note": json.RawMessage(`{`)}},
			"note: json: error calling MarshalJSON",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			document, err := test.record.Encode()
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("encoded to %q, %v, want an error that begins with %q", document, err, test.want)
			}
		})
	}
}

func TestRecordRoundTrips(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		record := randomRecord(r)
		document, err := record.Encode()
		if err != nil {
			t.Fatalf("seed %d: encode: %v", seed, err)
		}
		got, err := policy.DecodeRecord(document)
		if err != nil {
			t.Fatalf("seed %d: decode %s: %v", seed, document, err)
		}
		if diff := cmp.Diff(record, got); diff != "" {
			t.Fatalf("seed %d: record (-written +read):\n%s", seed, diff)
		}
		again, err := got.Encode()
		if err != nil || string(again) != string(document) {
			t.Fatalf("seed %d: written as %s, and again as %s, %v", seed, document, again, err)
		}
	}
}

func TestRecordLooksTheSameWhateverTheOrderItWasReadIn(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		document, err := randomRecord(r).Encode()
		if err != nil {
			t.Fatalf("seed %d: encode: %v", seed, err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(document, &members); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var shuffled []string
		for name, value := range maps.All(members) { // In Go's random order.
			key, err := json.Marshal(name)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			shuffled = append(shuffled, string(key)+" : "+string(value))
		}
		record, err := policy.DecodeRecord([]byte("{ " + strings.Join(shuffled, " ,\n") + " }"))
		if err != nil {
			t.Fatalf("seed %d: decode: %v", seed, err)
		}
		if got, err := record.Encode(); err != nil || string(got) != string(document) {
			t.Fatalf("seed %d: %s was shuffled and is now %s, %v", seed, document, got, err)
		}
	}
}
