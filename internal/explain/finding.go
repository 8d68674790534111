package explain

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Advised is what an operator reads of a finding.
type Advised struct {
	// Detail says what speaks against the move.
	Detail string
	// Remedy says what would be right, with the command where there is one; empty where
	// there is nothing to be done but to wait or to ask the host's log.
	Remedy string
}

// tale is the words for one type of fact.
type tale struct {
	// of is the type.
	of    reflect.Type
	tells func(migration.Finding) Advised
}

// tell makes the words of a type of fact.
func tell[F migration.Fact](words func(f migration.Finding, fact F) Advised) tale {
	return tale{reflect.TypeFor[F](), func(f migration.Finding) Advised {
		fact, ok := f.Fact.(F)
		if !ok {
			return Advised{Detail: Sentence(f.String())}
		}
		return words(f, fact)
	}}
}

// tales has the words of every fact.
func tales() []tale {
	return slices.Concat(engineTales(), recoveryTales(), moveTales(), guestTales(), machineTales(), networkTales(),
		storageTales(), bindingTales(), diskTales(), changeTales())
}

// Advise says what speaks against a move, and what would be right.
func Advise(f migration.Finding) Advised {
	of := reflect.TypeOf(f.Fact)
	for _, t := range tales() {
		if t.of == of {
			return t.tells(f)
		}
	}
	return Advised{Detail: Sentence(f.String())}
}

// Finding is what speaks against a move, and what would be right, as one text.
func Finding(f migration.Finding) string {
	a := Advise(f)
	return sentences(a.Detail, a.Remedy)
}

// checked is a finding with the check that it comes from.
func checked(f migration.Finding) string {
	where := ""
	if f.Host != "" {
		where = " on " + f.Host
	}
	return fmt.Sprintf("%s%s: %s", checkName(f.Check), where, Finding(f))
}
