package explain

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestCommandsNameTheirHost finds a sentence with a command of virsh that does not say on
// which host to run it.
func TestCommandsNameTheirHost(t *testing.T) {
	t.Parallel()
	where := regexp.MustCompile(`\b(on|there)\b|--connect| -c `)
	bare := regexp.MustCompile("^`?virsh [^`]*`?$") // a command alone: the sentence is elsewhere
	found := 0
	for _, file := range sources(t) {
		inner := map[ast.Expr]bool{}
		ast.Inspect(file, func(node ast.Node) bool {
			e, ok := node.(ast.Expr)
			if !ok || inner[e] {
				return true
			}
			for _, sentence := range regexp.MustCompile(`[.;] `).Split(text(e, inner), -1) {
				if !strings.Contains(sentence, "virsh ") {
					continue
				}
				found++
				if !where.MatchString(sentence) && !bare.MatchString(sentence) {
					t.Errorf("it does not say on which host: %s", sentence)
				}
			}
			return true
		})
	}
	if found < 50 {
		t.Errorf("%d commands are found, want all of them", found)
	}
}

// text is a literal, or the literals that are added up in an expression; its parts are put
// into inner.
func text(e ast.Expr, inner map[ast.Expr]bool) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if said, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return said
		}
	case *ast.BinaryExpr:
		inner[e.X], inner[e.Y] = true, true
		return text(e.X, inner) + text(e.Y, inner)
	}
	return ""
}
