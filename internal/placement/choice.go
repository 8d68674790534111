package placement

// Candidate is a host that a VM can go to.
type Candidate struct {
	Host string
	// Score is 0 to 100; the larger, the better.
	Score float64
	// Reasons are what the score is made of, in the order of the scorers.
	Reasons []Reason
}

// Choice is which hosts a VM can go to, and which not.
type Choice struct {
	VM string
	// Candidates are the hosts that it can go to, the best first, ties by name.
	Candidates []Candidate
	// Rejected are the others, each with the one reason that binds.
	Rejected map[string]Reason
}

// Best is the candidate to be taken; ok is false where there is none.
func (c Choice) Best() (best Candidate, ok bool) {
	if len(c.Candidates) == 0 {
		return Candidate{}, false
	}
	return c.Candidates[0], true
}
