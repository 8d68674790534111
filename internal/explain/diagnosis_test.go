package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFailureNamesEveryDiagnosis keeps a new type of Diagnosis from being told of as
// nothing, or as another one: Failure has a case for each.
func TestFailureNamesEveryDiagnosis(t *testing.T) {
	t.Parallel()
	var named []string
	ast.Inspect(parse(t, "failure.go"), func(n ast.Node) bool {
		f, isFunc := n.(*ast.FuncDecl)
		if !isFunc || f.Name.Name != "Failure" {
			return true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, isVar := n.(*ast.ValueSpec)
			if !isVar {
				return true
			}
			if pointer, is := v.Type.(*ast.StarExpr); is {
				named = append(named, strings.TrimPrefix(types.ExprString(pointer.X), "migration."))
			}
			return true
		})
		return false
	})
	slices.Sort(named)
	if diff := cmp.Diff(diagnoses(t), named); diff != "" {
		t.Errorf("types of Diagnosis, and those that Failure tells apart (-want +got):\n%s", diff)
	}
}

// diagnoses are the types of Diagnosis, by name: package migration embeds Failure in
// each of them, which makes it one.
func diagnoses(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../migration/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			if declared, is := n.(*ast.TypeSpec); is && embedsFailure(declared.Type) {
				names = append(names, declared.Name.Name)
			}
			return true
		})
	}
	slices.Sort(names)
	return names
}

func embedsFailure(of ast.Expr) bool {
	body, isStruct := of.(*ast.StructType)
	return isStruct && slices.ContainsFunc(body.Fields.List, func(f *ast.Field) bool {
		embedded, is := f.Type.(*ast.Ident)
		return is && len(f.Names) == 0 && embedded.Name == "Failure"
	})
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
