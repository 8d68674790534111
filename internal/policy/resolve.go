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

// Levels is what each level declares for one VM. A level that does not exist is
// an empty policy.
type Levels struct {
	// Run is the override given with a single move.
	Run                 Policy
	VM, Cluster, Global Policy
}

// Resolve decides every field on its own: run, else VM, else cluster, else
// global, else the built-in default.
func Resolve(levels Levels) Effective {
	order := []struct {
		origin Origin
		policy Policy
	}{
		{OriginRun, levels.Run},
		{OriginVM, levels.VM},
		{OriginCluster, levels.Cluster},
		{OriginGlobal, levels.Global},
		{OriginDefault, BuiltIn()},
	}
	var resolved Policy
	origins := make(map[Field]Origin, len(fields))
	for _, f := range fields {
		origins[f.name] = OriginDefault
		for _, level := range order {
			if f.isSet(level.policy) {
				f.copy(&resolved, level.policy)
				origins[f.name] = level.origin
				break
			}
		}
	}
	return effective(resolved, origins)
}
