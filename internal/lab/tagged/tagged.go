// Package tagged tells which tests need the lab: libvirt hosts or Terraform. They are in files with the build tag lab,
// so that a plain `go test ./...` runs on any machine. What that leaves out, `go test -v` and `make unit` say.
package tagged

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Tag is the build tag of the tests that need the lab.
const Tag = "lab"

// Tests are how many tests of a package need the lab.
type Tests struct {
	// Directory is the package's, relative to where it was asked for, with slashes.
	Directory string
	// Count is of all, Acceptance of those that Terraform takes part in.
	Count, Acceptance int
}

// String says how many there are, and of which kind.
func (n Tests) String() string {
	switch text := fmt.Sprintf("%d tests", n.Count); {
	case n.Count == 1:
		return "1 test"
	case n.Acceptance > 0:
		return fmt.Sprintf("%s, %d of them acceptance tests", text, n.Acceptance)
	default:
		return text
	}
}

// Skip skips a test, and says how many tests of the package in the working directory are left out with it.
func Skip(t *testing.T) {
	t.Helper()
	tests, err := in(".")
	if err != nil {
		t.Fatal(err)
	}
	if tests.Count == 0 {
		t.Fatalf("no test of this package has the tag %s: nothing is left out", Tag)
	}
	t.Skipf("left out: %s, which need libvirt hosts or Terraform; `go test -tags %s` runs them, on Linux", tests, Tag)
}

// Below returns the packages at and below a directory that have tests that need the lab, in the order of their names.
func Below(root string) ([]Tests, error) {
	var packages []Tests
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		tests, err := in(path)
		if err != nil || tests.Count == 0 {
			return err
		}
		directory, err := filepath.Rel(root, path)
		tests.Directory = filepath.ToSlash(directory)
		packages = append(packages, tests)
		return err
	})
	return packages, err
}

// in counts the tests in the files of one directory.
func in(directory string) (Tests, error) {
	tests := Tests{Directory: directory}
	files, err := filepath.Glob(filepath.Join(directory, "*_test.go"))
	if err != nil {
		return tests, err
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return tests, err
		}
		if !NeedsLab(file) {
			continue
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !isTest(function) {
				continue
			}
			tests.Count++
			if strings.HasPrefix(function.Name.Name, "TestAcc") {
				tests.Acceptance++
			}
		}
	}
	return tests, nil
}

func isTest(function *ast.FuncDecl) bool {
	name := function.Name.Name
	return function.Recv == nil && strings.HasPrefix(name, "Test") && name != "TestMain"
}

// NeedsLab tells whether a file, parsed with its comments, is built only with the tag.
func NeedsLab(file *ast.File) bool {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, comment := range group.List {
			if !constraint.IsGoBuild(comment.Text) {
				continue
			}
			expression, err := constraint.Parse(comment.Text)
			if err != nil {
				continue // The compiler says so.
			}
			without := expression.Eval(func(tag string) bool { return tag != Tag })
			with := expression.Eval(func(string) bool { return true })
			return with && !without
		}
	}
	return false
}
