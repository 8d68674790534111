package explain

// A plan's warnings are printed again when the plan has been applied, and may be false by
// then: they say what was so when the plan was made.

// asOfPlan begins every warning of a plan and of what it reads.
const asOfPlan = "When this plan was made, "

// planned is a warning of a plan: what was so when it was made, in the past tense, and
// sentences that stay true.
func planned(summary, was string, more ...string) Text {
	return Text{summary, asOfPlan + sentences(append([]string{was}, more...)...)}
}
