package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestSummariesAreConstant finds a summary that has more in it than constants and the kind
// of what it is about: programs match summaries, so no name stands in one.
func TestSummariesAreConstant(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range sources(t) {
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Name.Name == "planned" { // its callers are held to it
				continue
			}
			ast.Inspect(function, func(node ast.Node) bool {
				for _, summary := range summariesOf(node) {
					found++
					if bad := variable(function, summary); bad != nil {
						t.Errorf("%s: its summary has %s in it, which is no constant", function.Name.Name, nameOf(bad))
					}
				}
				return true
			})
		}
	}
	if found < 30 {
		t.Errorf("%d texts are found, want all of them", found)
	}
}

// sources are the files of this package.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// summariesOf are the summaries where a node makes a Text, or a list of them.
func summariesOf(node ast.Node) []ast.Expr {
	if call, ok := node.(*ast.CallExpr); ok && nameOf(call.Fun) == "planned" {
		return call.Args[:1]
	}
	literal, ok := node.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	texts := []ast.Expr{literal}
	switch made := literal.Type.(type) {
	case *ast.ArrayType:
		if nameOf(made.Elt) != "Text" {
			return nil
		}
		texts = literal.Elts
	case *ast.Ident:
		if made.Name != "Text" {
			return nil
		}
	default:
		return nil
	}
	var summaries []ast.Expr
	for _, text := range texts {
		one, ok := text.(*ast.CompositeLit)
		if !ok || len(one.Elts) != 2 {
			continue
		}
		if pair, ok := one.Elts[0].(*ast.KeyValueExpr); ok {
			summaries = append(summaries, pair.Value)
		} else {
			summaries = append(summaries, one.Elts[0])
		}
	}
	return summaries
}

// variable is the part of a summary that is neither a constant nor the kind of what the text
// is about ("object", or "act" with the kind); nil where there is none.
func variable(function *ast.FuncDecl, e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.BasicLit:
		return nil
	case *ast.BinaryExpr:
		if bad := variable(function, e.X); bad != nil {
			return bad
		}
		return variable(function, e.Y)
	case *ast.Ident:
		switch {
		case e.Name == "object", e.Name == "act", e.Obj == nil, e.Obj.Kind == ast.Con:
			return nil // without an object, it is a constant of another file
		}
		for _, value := range assigned(function, e.Name) {
			if bad := variable(function, value); bad != nil {
				return bad
			}
		}
		if len(assigned(function, e.Name)) == 0 {
			return e
		}
		return nil
	}
	return e
}

// assigned are the values that a function assigns to a variable.
func assigned(function *ast.FuncDecl, name string) []ast.Expr {
	var values []ast.Expr
	ast.Inspect(function, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			for i, left := range node.Lhs {
				if id, ok := left.(*ast.Ident); ok && id.Name == name && len(node.Lhs) == len(node.Rhs) {
					values = append(values, node.Rhs[i])
				}
			}
		case *ast.ValueSpec:
			for i, id := range node.Names {
				if id.Name == name && i < len(node.Values) {
					values = append(values, node.Values[i])
				}
			}
		}
		return true
	})
	return values
}

func nameOf(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return "a call"
}
