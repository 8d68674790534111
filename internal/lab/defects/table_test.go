//go:build lab

package defects

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// tableVariable names the file that the tables are written to; none when it is empty.
const tableVariable = "VIRT_DEFECTS_TABLE"

// row is one defect, and what became of it.
type row struct {
	defect, foundBy, followed string
	finding                   migration.Finding
	advised                   explain.Advised
	failed                    bool
}

var headings = []string{"Defect", "Found by", "Check", "Severity", "Host", "Device", "What it says", "Remedy followed"}

func (r row) cells() []string {
	name := r.defect
	if r.failed {
		name = "**FAILED** " + name
	}
	f := r.finding
	if f.Fact == nil {
		return append([]string{name, r.foundBy}, make([]string, len(headings)-2)...)
	}
	severity := preflight.Errors
	if f.Warning {
		severity = preflight.Warnings
	}
	device, _, _ := strings.Cut(f.Device, "52:54:00") // a random address
	detail := strings.NewReplacer(f.UUID, "UUID", f.Name, "web", "\n", " ", "|", "\\|").Replace(r.advised.Detail)
	return []string{name, r.foundBy, string(f.Check), string(severity), f.Host, device, detail, r.followed}
}

// markdown is a table.
func markdown(headings []string, rows [][]string) string {
	var text strings.Builder
	line := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	line(headings)
	line(strings.Split(strings.Repeat("---,", len(headings)-1)+"---", ","))
	for _, cells := range rows {
		line(cells)
	}
	return text.String()
}

// publish prints a section and adds it to the file that was asked for.
func publish(t *testing.T, title, text string) {
	t.Helper()
	section := fmt.Sprintf("\n## %s\n\n%s", title, text)
	fmt.Print(section)
	path := os.Getenv(tableVariable)
	if path == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Error(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	if _, err := file.WriteString(section); err != nil {
		t.Error(err)
	}
}
