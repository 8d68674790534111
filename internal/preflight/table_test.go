package preflight

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestTable wants a row for every check that this package and the engine name, and no
// other.
func TestTable(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	for _, directory := range []string{".", filepath.Join("..", "migration")} {
		for _, name := range checksOf(t, directory) {
			declared[name] = true
		}
	}
	listed := map[string]bool{}
	for _, e := range Table() {
		name := string(e.Check)
		if listed[name] || !declared[name] {
			t.Errorf("%q is in the table twice, or is no declared check", name)
		}
		listed[name] = true
		if e.About == "" || e.Asks == "" || e.Severity == "" || e.Attribute == "" || e.Calls < 0 {
			t.Errorf("the row of %q is not complete: %+v", name, e)
		}
		if e.Outlook.Plan == "" || e.Outlook.Plan == Unknown || e.Outlook.Why == "" {
			t.Errorf("the row of %q does not say what a plan makes of its errors, and why: %+v", name, e.Outlook)
		}
		if got := Attribute(migration.Check(name)); got != e.Attribute {
			t.Errorf("%q is about %q, want %q", name, got, e.Attribute)
		}
	}
	for name := range declared {
		if !listed[name] {
			t.Errorf("%q is not in the table", name)
		}
	}
}

// What the same apply may cure is no error of its plan, and nothing else is spared.
func TestOutlooks(t *testing.T) {
	t.Parallel()
	want := map[Severity][]migration.Check{
		Errors: {
			migration.CheckHosts, CheckMode, CheckCordon, CheckChanges, CheckCPU, CheckRDMA, CheckSave, CheckMachine, CheckHostCPU, CheckTSC,
			CheckFirmware, CheckTPM, CheckHostDevices, CheckPlacement, CheckSecurity, CheckGraphics, CheckListen,
		},
		Either: {CheckPolicy, CheckVersions, CheckVerdict, CheckCopied},
		Warnings: {
			migration.CheckAnswers, migration.CheckState, migration.CheckOneHome, migration.CheckJob, CheckName, CheckBridges,
			CheckNetworks, CheckFilters, CheckPorts, CheckCID, CheckPools, CheckPaths, CheckSecrets, CheckCopyPools, CheckCopyVolumes, CheckCopyRoom,
		},
	}
	got := map[Severity][]migration.Check{}
	for _, e := range Table() {
		if e.Severity == Errors || e.Severity == Either { // others find no errors
			got[e.Outlook.Plan] = append(got[e.Outlook.Plan], e.Check)
		} else if e.Outlook != harmless() {
			t.Errorf("%s finds no errors, and a plan makes of them: %+v", e.Check, e.Outlook)
		}
	}
	for plan, checks := range want {
		if !slices.Equal(got[plan], checks) {
			t.Errorf("%s in a plan: got %v, want %v", plan, got[plan], checks)
		}
	}
}

// checksOf are the values of a package's constants that are named Check....
func checksOf(t *testing.T, directory string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	var checks []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Check") {
				return true
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				checks = append(checks, strings.Trim(value.Value, `"`))
			}
			return true
		})
	}
	return checks
}
