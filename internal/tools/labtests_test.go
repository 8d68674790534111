package tools_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/tagged"
)

const modulePath = "github.com/terraform-provider-virt/terraform-provider-virt"

// parseTests parses all test files of the checkout, by their path from its top.
func parseTests(t *testing.T) map[string]*ast.File {
	t.Helper()
	const root = "../.."
	files := map[string]*ast.File{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		relative, _ := filepath.Rel(root, name)
		files[filepath.ToSlash(relative)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d test files found", len(files))
	}
	return files
}

// usesLab tells whether a file works with the hosts of the lab, or has Terraform run.
func usesLab(file *ast.File) bool {
	return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool {
		imported := strings.Trim(spec.Path.Value, `"`)
		return imported == modulePath+"/internal/lab" || strings.HasPrefix(imported, "github.com/hashicorp/terraform-plugin-testing/")
	})
}

// TestLabTestsHaveTheTag wants a plain `go test ./...` to start neither the lab nor Terraform, and each package to say
// what it leaves out.
func TestLabTestsHaveTheTag(t *testing.T) {
	t.Parallel()
	needing, saying := map[string]bool{}, map[string]bool{}
	for name, file := range parseTests(t) {
		if tagged.NeedsLab(file) {
			needing[path.Dir(name)] = true
			continue
		}
		if usesLab(file) {
			t.Errorf("%s needs the lab and does not begin with //go:build %s", name, tagged.Tag)
		}
		if path.Base(name) == "leftout_test.go" {
			saying[path.Dir(name)] = true
		}
	}
	for directory := range needing {
		if !saying[directory] {
			t.Errorf("%s has tests that need the lab, and no leftout_test.go to say that they are left out", directory)
		}
	}
	if len(needing) == 0 {
		t.Error("no test has the tag")
	}
}

// TestMakeLabRunsEveryLabTest wants no package with lab tests to be outside of what the makefile runs: all packages of
// its module, with the tag.
func TestMakeLabRunsEveryLabTest(t *testing.T) {
	t.Parallel()
	makefile := read(t, "../../GNUmakefile")
	if !regexp.MustCompile(`(?m)^LAB_TEST +:= internal/lab/test.sh$`).MatchString(makefile) {
		t.Error("LAB_TEST of the makefile is not internal/lab/test.sh")
	}
	if !strings.Contains(read(t, "../lab/test.sh"), "\nflags=(-tags "+tagged.Tag+" ") {
		t.Error("internal/lab/test.sh has not the tag")
	}
	_, recipe, _ := strings.Cut(makefile, "\nlab: ")
	recipe, _, _ = strings.Cut(recipe, "\n\n")
	if !strings.HasSuffix(recipe, " $(LAB_TEST) -- $(or $(VIRT_LAB_PACKAGES),./...)") {
		t.Errorf("make lab does not run LAB_TEST on all packages where it is told of none: %s", recipe)
	}
	packages, err := tagged.Below("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) == 0 {
		t.Error("no package has tests that need the lab")
	}
	for _, tests := range packages {
		for directory := tests.Directory; directory != "."; directory = path.Dir(directory) {
			if _, err := os.Stat(filepath.Join("../..", directory, "go.mod")); err == nil {
				t.Errorf("make lab leaves out %s, which is in the module of %s", tests.Directory, directory)
			}
		}
	}
}
