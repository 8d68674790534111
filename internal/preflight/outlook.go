package preflight

// Outlook is what a plan makes of the errors of a check, and why.
//
// An error of a check is an error of the plan where the move would be refused for certain as
// hosts and VM are now, and nothing cures that until the move starts: it does not pass by
// itself, and no other resource of the same apply makes what is missing or removes what is in
// the way. Else the plan warns of it, and it is an error before the start.
//
// An apply makes networks and other interfaces, pools, files, secrets and domains. It does
// not make hardware, and installs no programs; and the VM is taken as it runs.
type Outlook struct {
	// Plan is Errors or Warnings; Either where it depends on the finding.
	Plan Severity
	// Why is the reason, in a few words.
	Why string
}

// lasts is the outlook of errors that nothing cures.
func lasts(why string) Outlook { return Outlook{Errors, why} }

// curable is the outlook of errors that pass, or that the same apply may cure.
func curable(why string) Outlook { return Outlook{Warnings, why} }

// depends is the outlook of errors of both kinds: the check says which are lasting.
func depends(why string) Outlook { return Outlook{Either, why} }

// harmless is the outlook of a check that finds no errors.
func harmless() Outlook { return curable("it is never an error") }

// lasting tells whether an error is one of the plan, where the check itself says that it is
// or is not.
func (o Outlook) lasting(said bool) bool { return o.Plan == Errors || o.Plan == Either && said }
