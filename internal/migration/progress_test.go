package migration

import "testing"

func TestNarratorReportsAboutEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	var reports []Progress
	n := newNarrator(Subject{}, func(p Progress) { reports = append(reports, p) })
	for range 100 {
		n.reading(Job{Iteration: 1, MemoryRemaining: 1}, nil)
	}
	if len(reports) != 1 {
		t.Errorf("%d reports at once, want the first reading only", len(reports))
	}
	n.told = n.told.Add(-reportInterval)
	n.reading(Job{Iteration: 1}, nil)
	if len(reports) != 2 {
		t.Errorf("%d reports after %s", len(reports), reportInterval)
	}
}
