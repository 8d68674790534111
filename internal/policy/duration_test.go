package policy_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestDurationsAreReadByValueAndWrittenInOneForm(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		want      time.Duration
		canonical string
	}{
		"0s":           {0, "0s"},
		"0":            {0, "0s"},
		"-0s":          {0, "0s"},
		"0h0m0s":       {0, "0s"},
		"-30m":         {-30 * time.Minute, "-30m"}, // for Validate to refuse
		"-1h0m0s":      {-time.Hour, "-1h"},
		"10s":          {10 * time.Second, "10s"},
		"90s":          {90 * time.Second, "1m30s"},
		"1m":           {time.Minute, "1m"},
		"60s":          {time.Minute, "1m"},
		"10m":          {10 * time.Minute, "10m"},
		"30m":          {30 * time.Minute, "30m"},
		"30m0s":        {30 * time.Minute, "30m"},
		"1800s":        {30 * time.Minute, "30m"},
		"0.5h":         {30 * time.Minute, "30m"},
		"+30m":         {30 * time.Minute, "30m"},
		"1h":           {time.Hour, "1h"},
		"60m":          {time.Hour, "1h"},
		"1h0m0s":       {time.Hour, "1h"},
		"10h":          {10 * time.Hour, "10h"},
		"100h":         {100 * time.Hour, "100h"},
		"1h10m":        {70 * time.Minute, "1h10m"},
		"1h0m10s":      {time.Hour + 10*time.Second, "1h0m10s"},
		"1h30m20s":     {time.Hour + 30*time.Minute + 20*time.Second, "1h30m20s"},
		"10h20m0s":     {10*time.Hour + 20*time.Minute, "10h20m"},
		"250ms":        {250 * time.Millisecond, "250ms"},
		"1m0.5s":       {time.Minute + 500*time.Millisecond, "1m0.5s"},
		"5us":          {5 * time.Microsecond, "5µs"},
		"5µs":          {5 * time.Microsecond, "5µs"},
		"2562047h47m":  {2562047*time.Hour + 47*time.Minute, "2562047h47m"},
		"20m0.000001s": {20*time.Minute + time.Microsecond, "20m0.000001s"},
	}
	for text, test := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()

			got, err := policy.ParseDuration(text)
			if err != nil || got != test.want {
				t.Fatalf("ParseDuration(%q) = %v, %v, want %v", text, got, err, test.want)
			}
			if canonical := policy.FormatDuration(got); canonical != test.canonical {
				t.Errorf("FormatDuration(%v) = %q, want %q", got, canonical, test.canonical)
			}
		})
	}
}

func TestParseDurationRefuses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ text, want string }{
		"nothing":            {"", `"" is not a duration`},
		"a bare number":      {"30", `"30" is not a duration such as "90s", "30m" or "1h30m"`},
		"an unknown unit":    {"1d", `"1d" is not a duration`},
		"words":              {"half an hour", `"half an hour" is not a duration`},
		"spaces":             {" 30m ", `" 30m " is not a duration`},
		"one too large":      {"2562048h", `"2562048h" is not a duration`},
		"a text shown whole": {strings.Repeat("x", 60), `"` + strings.Repeat("x", 60) + `" is not a duration`},
		"a text shown cut":   {strings.Repeat("x", 61), `"` + strings.Repeat("x", 60) + `…" is not a duration`},
		"a terminal escape":  {"\x1b[2J", `"\x1b[2J" is not a duration`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := policy.ParseDuration(test.text)
			if err == nil {
				t.Fatalf("ParseDuration(%q) = %v, want an error", test.text, got)
			}
			if !strings.Contains(err.Error(), test.want) || len(err.Error()) > 200 {
				t.Errorf("ParseDuration(%q) fails with %q, want it short and to contain %q", test.text, err, test.want)
			}
		})
	}
}

func TestFormatDurationRoundTrips(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		d := randomDuration(r)
		got, err := policy.ParseDuration(policy.FormatDuration(d))
		if err != nil || got != d {
			t.Fatalf("seed %d: %v was written as %q and read as %v, %v", seed, d, policy.FormatDuration(d), got, err)
		}
	}
	longest := time.Duration(math.MaxInt64)
	if got, err := policy.ParseDuration(policy.FormatDuration(longest)); err != nil || got != longest {
		t.Errorf("the longest duration was written as %q and read as %v, %v", policy.FormatDuration(longest), got, err)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{
		"0s", "0", "90s", "30m", "30m0s", "1h30m", "1h0m0s", "10h", "100h0m", "250ms", "5us", "5µs", "5μs", "1.5h",
		"-1h", "+1h", ".5m", "2562047h47m16.854775807s", "1d", "", "h", "m0s", "h0m0s",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.ParseDuration(text)
		if err != nil {
			return
		}
		canonical := policy.FormatDuration(d)
		again, err := policy.ParseDuration(canonical)
		if err != nil || again != d {
			t.Fatalf("%q is %v, was written as %q and read as %v, %v", text, d, canonical, again, err)
		}
		if len(canonical) > len(d.String()) {
			t.Errorf("the canonical form %q is longer than %q", canonical, d)
		}
	})
}
