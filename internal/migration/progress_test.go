package migration

import "testing"

func TestReporterReportsAboutEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	var reports []Progress
	r := newReporter(Subject{Source: "kvm1", Destination: "kvm2"}, func(p Progress) { reports = append(reports, p) }, nil)
	for range 100 {
		r.reading(Job{Iteration: 1, MemoryRemaining: 1}, nil, MirrorFigures{})
	}
	if len(reports) != 1 {
		t.Errorf("%d reports at once, want the first reading only", len(reports))
	}
	r.told = r.told.Add(-reportInterval)
	r.reading(Job{Iteration: 1}, nil, MirrorFigures{})
	if len(reports) != 2 {
		t.Errorf("%d reports after %s", len(reports), reportInterval)
	}
}
