package host

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// guide is what people are told of connections.
func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../templates/guides/connections.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table are the rows of the table of the guide that begins with a header, by
// their first cell.
func table(t *testing.T, header string) map[string][]string {
	t.Helper()
	_, rest, found := strings.Cut(guide(t), "\n"+header+"\n")
	if !found {
		t.Fatalf("the guide has no table %s", header)
	}
	text, _, _ := strings.Cut(rest, "\n\n")
	rows := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[cells[0]] = cells[1:]
	}
	delete(rows, "---")
	return rows
}

// The guide names every call of libvirt that can be made, and none besides.
func TestGuideNamesEveryCall(t *testing.T) {
	t.Parallel()
	// What libvirt's own clients do in one call, open a connection, takes several.
	opening := map[string]bool{"ConnectOpen": true, "AuthList": true, "AuthPolkit": true}
	want := map[string]bool{}
	for method := range procedureNames(t) {
		if opening[method] {
			method = "ConnectOpenAuth"
		}
		want["vir"+strings.Replace(method, "Nwfilter", "NWFilter", 1)] = true
	}
	// What the steps of a migration are known by.
	public := map[string]bool{"virDomainMigrate3": true, "virDomainMigrateToURI3": true}
	named := map[string]bool{}
	for _, cells := range table(t, "| permission | libvirt's calls | for |") {
		for _, name := range regexp.MustCompile(`vir[A-Z]\w+`).FindAllString(cells[0], -1) {
			if !public[name] {
				named[name] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(named))); diff != "" {
		t.Errorf("made (-) and named (+) differ:\n%s", diff)
	}
}

// The permissions that the guide explains are those of its rule.
func TestGuideExplainsEveryPermission(t *testing.T) {
	t.Parallel()
	_, rule, _ := strings.Cut(guide(t), "var allowed = [")
	rule, _, _ = strings.Cut(rule, "]")
	explained := map[string]bool{}
	for permission := range table(t, "| permission | libvirt's calls | for |") {
		for _, name := range regexp.MustCompile("`((?:connect|domain|network|node-device|nwfilter|secret|storage-pool|storage-vol)\\.[a-z-]+)`").FindAllStringSubmatch(permission, -1) {
			explained[name[1]] = true
		}
	}
	var allowed []string
	for _, name := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(rule, -1) {
		allowed = append(allowed, name[1])
	}
	if diff := cmp.Diff(allowed, slices.Sorted(maps.Keys(explained))); diff != "" {
		t.Errorf("the rule (-) and what is explained (+) differ:\n%s", diff)
	}
}

// The guide names every parameter of a URI that is heeded, and none besides.
func TestGuideNamesEveryParameter(t *testing.T) {
	t.Parallel()
	heeded := map[string]bool{}
	for _, file := range parsed(t, "../transport/*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IndexExpr: // p["name"], e.parameters["name"]
				x, isName := n.X.(*ast.Ident)
				f, isField := n.X.(*ast.SelectorExpr)
				if isName && x.Name == "p" || isField && f.Sel.Name == "parameters" {
					note(heeded, n.Index)
				}
			case *ast.CallExpr: // p.oneOf("name", ...), p.flag("name")
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "oneOf" || f.Sel.Name == "flag") {
					note(heeded, n.Args[0])
				}
			}
			return true
		})
	}
	delete(heeded, "tls_priority")         // refused
	named := map[string]bool{"name": true} // below the table
	for _, cells := range table(t, "| scheme | reaches | other side is verified by | parameters |") {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
			named[name[1]] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(heeded)), slices.Sorted(maps.Keys(named))); diff != "" {
		t.Errorf("heeded (-) and named (+) differ:\n%s", diff)
	}
}

// note adds a string to those that were found.
func note(found map[string]bool, x ast.Expr) {
	if text, ok := x.(*ast.BasicLit); ok && text.Kind == token.STRING {
		found[strings.Trim(text.Value, `"`)] = true
	}
}

// parsed are the source files of a pattern: the tests where it ends in _test.go,
// all others else.
func parsed(t *testing.T, pattern string) []*ast.File {
	t.Helper()
	sources, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") != strings.HasSuffix(pattern, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// proofs are the tests behind the guide's table of what works over which
// transport, by row, in the order of the columns.
var proofs = map[string][]string{
	"policies on all levels":         {"TestAccTransports", "TestAccTransports", "TestAccTransports", "TestAccTransports"},
	"moves, peer-to-peer and direct": {"TestMovesOverEachTransport", "TestMovesOverEachTransport", "TestMovesOverEachTransport", "TestMovesOverEachTransport"},
	"default of `peer_uri`":          {"TestSSHPeerURI", "TestPeerURI", "TestPeerURI", "TestPeerURI"},
	"login by SASL":                  {"TestSASL", "TestSASL", "TestSASL", "TestSASL"},
	"access control by polkit":       {"TestLeastPrivilege", "TestLeastPrivilege", "TestLeastPrivilege", "TestLeastPrivilege"},
	"read-only":                      {"TestReadOnlySocket", "", "", "TestReadOnlySocket"},
}

// Every cell of the guide's table of what works over which transport is tested.
func TestGuidesTableIsTested(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{"": true}
	for _, pattern := range []string{"*_test.go", "../transport/*_test.go", "../provider/*_test.go"} {
		for _, file := range parsed(t, pattern) {
			for _, declared := range file.Decls {
				if f, ok := declared.(*ast.FuncDecl); ok {
					tests[f.Name.Name] = true
				}
			}
		}
	}
	rows := table(t, "| what | SSH | TLS | TCP | socket |")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(proofs)), slices.Sorted(maps.Keys(rows))); diff != "" {
		t.Fatalf("rows that are proved (-) and there (+) differ:\n%s", diff)
	}
	for row, cells := range rows {
		for column, cell := range cells {
			proof := proofs[row][column]
			if !tests[proof] || proof == "" && cell != "no" {
				t.Errorf("%s, column %d (%s): no test %q", row, column, cell, proof)
			}
		}
	}
}
