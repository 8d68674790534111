package policy_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]policy.Field{
		"auto_convergence":       policy.FieldAutoConverge,
		"autoconverge":           policy.FieldAutoConverge,
		"compressions":           policy.FieldCompression,
		"max_downtime":           policy.FieldMaxDowntimeMS,
		"postcopy":               policy.FieldPostCopy,
		"compression_cache_mb":   policy.FieldCompressionCacheMiB,
		"parallel_connection":    policy.FieldParallelConnections,
		"auto_converge_initials": policy.FieldAutoConvergeInitial,
		"hosts":                  "",
		"id":                     "",
		"":                       "",
		"owner":                  "",
	} {
		got, ok := policy.Nearest(name)
		if got != want || ok != (want != "") {
			t.Errorf("nearest of %q is %q, %v, want %q", name, got, ok, want)
		}
	}
}
