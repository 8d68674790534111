package policy

// Origin is the level that decided an effective value.
type Origin string

// The origins, strongest first.
const (
	OriginRun     Origin = "run"
	OriginVM      Origin = "vm"
	OriginCluster Origin = "cluster"
	OriginGlobal  Origin = "global"
	OriginDefault Origin = "default"
)

// Origins is the level that decided each field, in the order of Fields.
type Origins []Origin

// Of is the level that decided a field.
func (o Origins) Of(field Field) Origin {
	for i := range table {
		if table[i].Field == field && i < len(o) {
			return o[i]
		}
	}
	return ""
}

// Levels is what each level declares for one VM. A level that does not exist is
// an empty policy.
type Levels struct {
	// Run is the override given with a single move.
	Run                 Policy
	VM, Cluster, Global Policy
}

// Resolve decides every field on its own: run, else VM, else cluster, else
// global, else the built-in default. A level's preset counts as the values that it stands for.
// It shares the values with the levels.
func Resolve(levels Levels) Effective {
	resolved := builtIn
	origins := make(Origins, len(table))
	for i := range origins {
		origins[i] = OriginDefault
	}
	for _, level := range [...]struct { // the weakest first: a stronger one takes its place
		origin Origin
		policy *Policy
	}{
		{OriginGlobal, &levels.Global},
		{OriginCluster, &levels.Cluster},
		{OriginVM, &levels.VM},
		{OriginRun, &levels.Run},
	} {
		if *level.policy == (Policy{}) {
			continue
		}
		declared := level.policy
		if declared.Preset != nil {
			expanded := declared.Expanded()
			declared = &expanded
		}
		for i := range table {
			if table[i].take(&resolved, declared) {
				origins[i] = level.origin
			}
		}
	}
	return Effective{resolved, origins}
}

// builtIn is BuiltIn, made once. Nothing changes it.
var builtIn = BuiltIn()
