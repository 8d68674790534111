package host

import (
	"go/ast"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/digitalocean/go-libvirt"
)

// procedureNames are the names of the library's methods that package rpc lets pass.
func procedureNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range parsed(t, "../rpc/procedures.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if entry, ok := n.(*ast.KeyValueExpr); ok {
				if method, ok := entry.Value.(*ast.SelectorExpr); ok {
					names[method.Sel.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// Every method of the library that is used is among the procedures that may be
// called, and no other.
func TestProceduresAreThoseThatAreCalled(t *testing.T) {
	t.Parallel()
	made := map[string]bool{"ConnectOpen": true, "AuthList": true, "AuthPolkit": true} // by ConnectToURI
	library := reflect.TypeFor[*libvirt.Libvirt]()
	sources := slices.Concat(parsed(t, "*.go"), parsed(t, "../rpc/conn.go"))
	for _, file := range sources {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && ofLibrary(s.X) && s.Sel.Name != "ConnectToURI" {
				if _, ok := library.MethodByName(s.Sel.Name); ok {
					made[s.Sel.Name] = true
				}
			}
			return true
		})
	}
	if known := procedureNames(t); !maps.Equal(made, known) {
		t.Errorf("made  %v\nknown %v", slices.Sorted(maps.Keys(made)), slices.Sorted(maps.Keys(known)))
	}
}

// ofLibrary tells whether a method of an expression may be one of the library's:
// it is lv, or the type itself.
func ofLibrary(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "lv"
	case *ast.ParenExpr:
		return true
	}
	return false
}
