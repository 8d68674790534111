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
// global, else the built-in default. It shares the values with the levels.
func Resolve(levels Levels) Effective {
	order := [...]struct {
		origin Origin
		policy *Policy
	}{
		{OriginRun, &levels.Run},
		{OriginVM, &levels.VM},
		{OriginCluster, &levels.Cluster},
		{OriginGlobal, &levels.Global},
		{OriginDefault, &builtIn},
	}
	var resolved Policy
	origins := make(Origins, len(table))
	for i := range table {
		origins[i] = OriginDefault
		for l := range order {
			if table[i].take(&resolved, order[l].policy) {
				origins[i] = order[l].origin
				break
			}
		}
	}
	return Effective{resolved, origins}
}

// builtIn is BuiltIn, made once. Nothing changes it.
var builtIn = BuiltIn()
