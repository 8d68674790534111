package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func FuzzDecodeRecord(f *testing.F) {
	for _, document := range []string{
		`{"version":1,"auto_converge":true,"max_downtime_ms":300}`,
		`{"version":1,"cluster":"lab","compression":false}`,
		`{"version":1,"auto_converge":true,"auto_converge_initial":30,"auto_converge_increment":20,"compression":true,` +
			`"compression_cache_mib":256,"bandwidth_mib_per_second":0,"max_downtime_ms":500,"parallel_connections":0,` +
			`"post_copy":true,"encryption":false,"timeout":"1h","stall_timeout":"0s","on_timeout":"post_copy"}`,
		`{"version":1,"owner":"3f1f7a52-2c5b-4f0e-9d5c-0a8f6f2b7f11","declared_at":"2026-11-25T22:30:05.75+01:00"}`,
		`{"version":1,"timeout":"5us","stall_timeout":"2562047h47m16.854775807s"}`,
		`{"version":1,"rdma_pin_all":true,"note":{"b":1E400,"a":"\ud800<&>` + "\u2028" + `"},"":null}`,
		`{"version":1,"version":1,"post_copy":true,"post_copy":false,"x":1,"x":2}`,
		`{"version":1,"preset":"post_copy","downtime_schedule_ms":[ 100,2e2, null ],"max_throttle_percent":70}`,
		`{"version":1,"downtime_schedule_ms":[1,2,2000000]}`, `{"version":1,"downtime_schedule_ms":[]}`,
		`{"version":2,"auto_converge":"sometimes"}`,
		`{"version":1,"auto_converge":null}`,
		`{"version":1,"compression_cache_mib":-9223372036854775808}`,
		"\n{ \"version\" : 1 }\n",
		`{"version":1`, `{}`, `[]`, `null`, ``, "\xff",
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		record, err := policy.DecodeRecord(document)
		if err != nil {
			if diff := cmp.Diff(policy.Record{}, record); diff != "" {
				t.Fatalf("a refused record leaves traces (-want +got):\n%s", diff)
			}
			return
		}
		encoded, err := record.Encode()
		if errors.Is(err, policy.ErrRecordTooLarge) && len(document) > policy.MaxRecordBytes/2 {
			return // Near the cap, a name may need escapes that it came without.
		}
		if err != nil {
			t.Fatalf("%q is read, but not written: %v", document, err)
		}
		again, err := policy.DecodeRecord(encoded)
		if err != nil {
			t.Fatalf("%q is written as %q, and that is not read: %v", document, encoded, err)
		}
		for name, raw := range record.Unknown {
			var compact bytes.Buffer
			if err := json.Compact(&compact, raw); err != nil {
				t.Fatalf("unknown member %q is not JSON: %v", name, err)
			}
			record.Unknown[name] = compact.Bytes()
		}
		if diff := cmp.Diff(record, again); diff != "" {
			t.Fatalf("%q, read, written and read again (-first +again):\n%s", document, diff)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(twice, encoded) {
			t.Fatalf("%q is written as %q, and then as %q, %v", document, encoded, twice, err)
		}
	})
}

const busyRecord = `{"version":1,"cluster":"lab","auto_converge":true,"auto_converge_initial":30,"compression":true,` +
	`"compression_cache_mib":256,"max_downtime_ms":500,"timeout":"1h","on_timeout":"pause","rdma_pin_all":true}`

func BenchmarkDecodeRecord(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.DecodeRecord([]byte(busyRecord)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeRecord(b *testing.B) {
	record, err := policy.DecodeRecord([]byte(busyRecord))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := record.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}
