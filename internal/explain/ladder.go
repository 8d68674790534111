package explain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// raising says what the ladder has raised, or could not.
func raising(e migration.Notice) string {
	if e.Kind == migration.NoticeRaised {
		return "no progress: " + raised(e.Raise)
	}
	var short *migration.CacheMemoryError
	if errors.As(e.Err, &short) {
		return cacheShort(short)
	}
	return fmt.Sprintf("the XBZRLE cache %s larger: %s", notDone(e.Err, "made"), oneLine(e.Err))
}

func cacheShort(e *migration.CacheMemoryError) string {
	return fmt.Sprintf("the XBZRLE cache stays as it is: the source has %s of memory available, and a larger one needs %s",
		bytes(e.Have), bytes(e.Need))
}

// raised is one thing that was raised, in mid-sentence.
func raised(r migration.Raise) string {
	if r.Field == policy.FieldCompressionCacheMiB {
		return fmt.Sprintf("XBZRLE cache grown to %d MiB in pass %d", r.To, r.Pass)
	}
	return fmt.Sprintf("downtime raised to %d ms in pass %d", r.To, r.Pass)
}

// Raises says what the ladder has raised in a move; empty for nothing.
func Raises(all []migration.Raise) string {
	if len(all) == 0 {
		return ""
	}
	texts := make([]string, len(all))
	for i, r := range all {
		texts[i] = raised(r)
	}
	return "While passes made no progress: " + strings.Join(texts, ", ") + "."
}

// overThrottled says why a migration ended whose guest was throttled too much.
func overThrottled(f *migration.Failure) string {
	c := f.Course
	return sentences(fmt.Sprintf("%s %s after %s, because auto-converge throttled the guest by %d %%, and it is to bear "+
		"%s at most: so it counts as not converging.", subject(f.Outcome), decision(c), elapsed(c.Elapsed),
		c.Figures.Throttle,
		percent(c.Policy)), tried(f), measured(c.Figures), Raises(c.Raises), howEnded(f))
}

// percent is the highest throttle with what set it.
func percent(e policy.Effective) string {
	return fmt.Sprintf("%s %% (%s, %s)", e.Text(policy.FieldMaxThrottlePercent), policy.FieldMaxThrottlePercent,
		e.Origins.Of(policy.FieldMaxThrottlePercent))
}
