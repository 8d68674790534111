package provider

import (
	"context"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// plainValues are values that a field of each kind may have; of a word, those in its
// description are.
func plainValues(d policy.Definition) []any {
	switch d.Kind {
	case policy.Switch:
		return []any{true, false}
	case policy.Number:
		return []any{int64(0), int64(1), int64(2), int64(64), int64(99), int64(256), int64(1 << 20)}
	case policy.NumberList:
		return []any{policy.Numbers{100}, policy.Numbers{1, 2, 2_000_000}, policy.Numbers{}}
	case policy.Duration:
		return []any{"0s", "90s", "1h30m", "2m", "5us"}
	case policy.Name:
		return []any{"db", "Galera, Übung"}
	default:
		var words []any
		for word := range strings.FieldsFuncSeq(d.Values, func(r rune) bool { return strings.ContainsRune("`, ", r) }) {
			words = append(words, word)
		}
		return words
	}
}

// randomLevel is a policy that one level may declare.
func randomLevel(r *rand.Rand, table []policy.Definition, values [][]any) policy.Policy {
	var p policy.Policy
	for i, d := range table {
		if r.IntN(2) == 0 {
			continue
		}
		with := p
		if d.Set(&with, values[i][r.IntN(len(values[i]))]) == nil && len(with.Validate()) == 0 {
			p = with
		}
	}
	return p
}

// argumentOf is a policy as a configuration writes it: what inherits is null, or left out.
func argumentOf(ctx context.Context, r *rand.Rand, p policy.Policy) types.Dynamic {
	if p.Empty() && r.IntN(2) == 0 {
		return types.DynamicNull()
	}
	attributes, members := map[string]attr.Type{}, map[string]attr.Value{}
	for _, d := range policy.Table() {
		var member attr.Value
		switch v := d.Value(p).(type) {
		case nil:
			if r.IntN(2) == 0 {
				continue
			}
			member = types.DynamicNull()
		case bool:
			member = types.BoolValue(v)
		case int64:
			member = types.NumberValue(new(big.Float).SetInt64(v))
		case string:
			member = types.StringValue(v)
		case policy.Numbers:
			member = tupleOf(v)
		}
		attributes[string(d.Field)], members[string(d.Field)] = member.Type(ctx), member
	}
	return types.DynamicValue(types.ObjectValueMust(attributes, members))
}

// tupleOf is a list of numbers as a configuration writes it.
func tupleOf(numbers policy.Numbers) attr.Value {
	kinds, elements := make([]attr.Type, len(numbers)), make([]attr.Value, len(numbers))
	for i, n := range numbers {
		kinds[i], elements[i] = types.NumberType, types.NumberValue(new(big.Float).SetInt64(n))
	}
	return types.TupleValueMust(kinds, elements)
}

// level is what a level declares: as its record says it, and as a configuration does.
type level struct {
	recorded policy.Policy
	argument attr.Value
}

// randomLevels are what one level may declare, with values for every field that it has.
func randomLevels(t *testing.T, origin policy.Origin) []level {
	t.Helper()
	const most = 1000
	r := rand.New(rand.NewPCG(1, 2))
	table := slices.DeleteFunc(policy.Table(), func(d policy.Definition) bool { return !d.At(origin) })
	values := make([][]any, len(table))
	for i, d := range table {
		values[i] = plainValues(d)
	}
	levels := make([]level, most)
	set := map[policy.Field]bool{}
	for i := range levels {
		p := randomLevel(r, table, values)
		levels[i] = level{recorded(t, p), argumentOf(t.Context(), r, p)}
		for _, field := range p.Fields() {
			set[field] = true
		}
	}
	for _, d := range table {
		if !set[d.Field] {
			t.Errorf("no level sets %s", d.Field)
		}
	}
	return levels
}

// trees is how many the test resolves: VIRT_POLICY_TREES, or as many as take a second.
func trees(t *testing.T) int {
	t.Helper()
	given := os.Getenv("VIRT_POLICY_TREES")
	if given == "" {
		return 3_000
	}
	n, err := strconv.Atoi(given)
	if err != nil {
		t.Fatalf("VIRT_POLICY_TREES: %v", err)
	}
	return n
}

// TestEffectivePolicyFunctionAgrees resolves random trees by the function, and as the data
// source does from their records.
func TestEffectivePolicyFunctionAgrees(t *testing.T) {
	t.Parallel()
	globals, clusters, vms := randomLevels(t, policy.OriginGlobal), randomLevels(t, policy.OriginCluster), randomLevels(t, policy.OriginVM)
	r := rand.New(rand.NewPCG(3, 4))
	for range trees(t) {
		global, cluster, vm := r.IntN(len(globals)), r.IntN(len(clusters)), r.IntN(len(vms))
		result := function.RunResponse{Result: function.NewResultData(types.ObjectUnknown(effectiveTypes()))}
		effectivePolicyFunction{}.Run(t.Context(), function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{
			globals[global].argument, clusters[cluster].argument, vms[vm].argument,
		})}, &result)
		if result.Error != nil {
			t.Fatalf("levels %d, %d, %d: %v", global, cluster, vm, result.Error)
		}
		want := effectiveObject(policy.Resolve(policy.Levels{
			Global: globals[global].recorded, Cluster: clusters[cluster].recorded, VM: vms[vm].recorded,
		}))
		if got := result.Result.Value(); !got.Equal(want) {
			t.Fatalf("levels %d, %d, %d: %s, want %s", global, cluster, vm, got, want)
		}
	}
}

// recorded is a policy as it is read from its record.
func recorded(t *testing.T, p policy.Policy) policy.Policy {
	t.Helper()
	document, err := policy.Record{Policy: p}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	record, err := policy.DecodeRecord(document)
	if err != nil {
		t.Fatal(err)
	}
	return record.Policy
}
