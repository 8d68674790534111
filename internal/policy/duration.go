package policy

import (
	"fmt"
	"strings"
	"time"
)

// ParseDuration reads a duration such as "90s", "30m" or "1h30m" (the units
// are those of Go's time.ParseDuration: h, m, s, ms, us, ns); "0s" is none. It
// takes a negative one, which Validate refuses.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as \"90s\", \"30m\" or \"1h30m\"", abbreviate(text))
	}
	return d, nil
}

// FormatDuration is the canonical form of a duration: Go's, without the zero
// units at its end ("30m", not "30m0s").
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
