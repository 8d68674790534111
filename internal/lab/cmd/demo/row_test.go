package main

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestRowOfAMoveThatDidNotConverge reads figures out of the provider's own words.
func TestRowOfAMoveThatDidNotConverge(t *testing.T) {
	t.Parallel()
	told := explain.Failure(&migration.NotConvergedError{Failure: migration.Failure{Course: migration.Course{
		Cause: migration.CausedByStall, Obeyed: true, Elapsed: 90 * time.Second,
		Figures: migration.Figures{Begun: true, Last: migration.Job{Iteration: 7, MemoryProcessed: 2048 << 20, MemoryTotal: 1024 << 20}, Bandwidth: 60 << 20, DirtyRate: 110 << 20},
	}}})
	r := row{failures: []diagnostic{{Summary: told.Summary, Detail: told.Detail}}}
	if told.Summary != notConverged {
		t.Errorf("it is called %q, want %q", told.Summary, notConverged)
	}
	if got := r.duration(); got != "90.0 s" {
		t.Errorf("it took %s in %q", got, told.Detail)
	}
	if got := r.sent(); got != "2048 MiB" {
		t.Errorf("%s were sent in %q", got, told.Detail)
	}
}
