package policy

import "sync"

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
	if i := indexOf(field); i >= 0 && i < len(o) {
		return o[i]
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
	w := works.Get().(*work) //nolint:forcetypeassert // the pool has no others
	defer w.end()
	w.resolved = builtIn
	w.declare(OriginRun, levels.Run)
	w.declare(OriginVM, levels.VM)
	w.declare(OriginCluster, levels.Cluster)
	w.declare(OriginGlobal, levels.Global)
	origins := make(Origins, len(table))
	for i := range table {
		origins[i] = OriginDefault
		if decided := table[i].decide(&w.resolved, w.given); decided >= 0 {
			origins[i] = w.from[decided]
		}
	}
	return Effective{w.resolved, origins}
}

// work is what Resolve works on. The functions of the table take policies by reference, so
// that each call would allocate its own.
type work struct {
	policies [4]Policy
	// given are the levels that declare something, the strongest first.
	given    []*Policy
	from     [4]Origin
	resolved Policy
}

func (w *work) declare(origin Origin, declared Policy) {
	if declared == (Policy{}) {
		return
	}
	if declared.Preset != nil {
		declared = declared.Expanded()
	}
	i := len(w.given)
	w.policies[i], w.from[i] = declared, origin
	for k := range table {
		if !table[k].At(origin) { // written by something else
			table[k].clear(&w.policies[i])
		}
	}
	w.given = append(w.given, &w.policies[i])
}

// end lets others use w, which keeps nothing of a VM.
func (w *work) end() {
	*w = work{given: w.given[:0]}
	works.Put(w)
}

var works = sync.Pool{New: func() any { return new(work) }}

// builtIn is BuiltIn, made once. Nothing changes it.
var builtIn = BuiltIn()
