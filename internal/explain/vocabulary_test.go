package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exportedTypes are the exported types of a package that have a method.
func exportedTypes(t *testing.T, name, called string) []string {
	t.Helper()
	directory := filepath.Join("..", name)
	files, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, entry := range files {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(directory, entry.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			method, ok := declaration.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != called {
				continue
			}
			receiver := method.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			if id, ok := receiver.(*ast.Ident); ok && id.IsExported() {
				types = append(types, name+"."+id.Name)
			}
		}
	}
	return types
}

// TestEveryErrorHasWords finds a type of error of the packages below that an operator
// would read as a raw Error().
func TestEveryErrorHasWords(t *testing.T) {
	t.Parallel()
	has := map[string]bool{}
	for _, w := range vocabulary() {
		name := strings.TrimPrefix(w.of.String(), "*")
		if has[name] {
			t.Errorf("%s has words twice", name)
		}
		has[name] = true
	}
	for _, name := range []string{"fleet", "host", "migration", "places", "preflight"} {
		found := exportedTypes(t, name, "Error")
		if len(found) == 0 {
			t.Errorf("no type of error is found in %s", name)
		}
		for _, e := range found {
			if !has[e] {
				t.Errorf("%s has no words: add a line to the vocabulary", e)
			}
		}
	}
}

// TestEveryFactHasWords finds a fact that an operator would read as its raw name.
func TestEveryFactHasWords(t *testing.T) {
	t.Parallel()
	has := map[string]bool{}
	for _, tale := range tales() {
		if has[tale.of.String()] {
			t.Errorf("%s has words twice", tale.of)
		}
		has[tale.of.String()] = true
	}
	for _, name := range []string{"migration", "preflight"} {
		found := exportedTypes(t, name, "Problem")
		if len(found) == 0 {
			t.Errorf("no fact is found in %s", name)
		}
		for _, fact := range found {
			if !has[fact] {
				t.Errorf("%s has no words: add a line to the tales", fact)
			}
		}
	}
}
