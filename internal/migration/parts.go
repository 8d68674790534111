package migration

// checkParts looks whether each host holds its part of a post-copy that has lost its link, and
// whether both can recover it. Whatever else is there is left to a person: neither part has all of
// the guest's memory.
func (a *Assessment) checkParts(r Request) {
	fact, at := parted(a.source, a.destination)
	switch fact := fact.(type) {
	case nil:
	case PartActive: // told with what else would be in the way
		a.add(Finding{Check: CheckState, Fact: fact, Host: at.Host})
	case PartGone:
		a.add(Finding{Check: CheckState, Fact: PartGone{a.outcome(r)}, Host: at.Host, Err: at.Err})
		return
	default:
		a.add(Finding{Check: CheckState, Fact: fact, Host: at.Host})
		return
	}
	for i, seen := range []Observation{a.source, a.destination} {
		if u, found := unfit(a.identities[i].LibvirtVersion, i == 1); found {
			a.add(Finding{
				Check: CheckState, Fact: ReleaseUnfit{Have: a.identities[i].LibvirtVersion, Unfit: u},
				Host: seen.Host, Lasting: true,
			})
		}
	}
}

// parted tells what else the two hosts hold than the parts of a post-copy that has lost its link,
// and on which of them; nil where each holds its part.
func parted(source, destination Observation) (Fact, Observation) {
	active := func(o Observation) bool { return o.Is(StatePostCopySource, StatePostCopy) }
	broken := func(o Observation) bool { return o.Is(StatePostCopyFailed) }
	for _, o := range []Observation{source, destination} {
		if o.Gone() {
			return PartGone{}, o
		}
	}
	for _, o := range []Observation{source, destination} {
		if !broken(o) && !active(o) {
			return PartChanged{Seen: o}, o
		}
	}
	switch {
	case broken(source) && broken(destination):
		return nil, Observation{}
	case active(source) && active(destination):
		return PostCopyRuns{}, source
	case active(source):
		return PartActive{Seen: source}, source
	}
	return PartActive{Seen: destination}, destination
}
